# User C module of MicroPython's CMake ports (rp2, esp32): USER_C_MODULES=.../native_modules/micropython.cmake
file(GLOB TINYINFER_SOURCES CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_LIST_DIR}/engine/*.c
    ${CMAKE_CURRENT_LIST_DIR}/kernels/*.c
)

add_library(usermod_tinyinfer INTERFACE)
target_sources(usermod_tinyinfer INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/modtinyinfer.c
    ${TINYINFER_SOURCES}
)
target_include_directories(usermod_tinyinfer INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(usermod INTERFACE usermod_tinyinfer)
