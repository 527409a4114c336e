# User C module of MicroPython's CMake ports (rp2, esp32): USER_C_MODULES=.../native_modules/micropython.cmake
# TINYINFER_WITHOUT="mean;transpose" leaves operators out.
file(GLOB TINYINFER_SOURCES CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_LIST_DIR}/engine/*.c
    ${CMAKE_CURRENT_LIST_DIR}/kernels/*.c
)
foreach(op IN LISTS TINYINFER_WITHOUT)
    list(REMOVE_ITEM TINYINFER_SOURCES ${CMAKE_CURRENT_LIST_DIR}/kernels/${op}.c)
    list(APPEND TINYINFER_DEFINITIONS TIN_WITHOUT_${op}=1)
endforeach()

add_library(usermod_tinyinfer INTERFACE)
target_sources(usermod_tinyinfer INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/modtinyinfer.c
    ${TINYINFER_SOURCES}
)
target_compile_definitions(usermod_tinyinfer INTERFACE ${TINYINFER_DEFINITIONS})
target_include_directories(usermod_tinyinfer INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(usermod INTERFACE usermod_tinyinfer)
