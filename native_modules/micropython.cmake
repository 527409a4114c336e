# For MicroPython's CMake ports: USER_C_MODULES=.../native_modules/micropython.cmake
include(${CMAKE_CURRENT_LIST_DIR}/tinyinfer/micropython.cmake)
