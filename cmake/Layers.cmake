# The house rules for targets: one function for a layer, one for a unit test, one for a fuzz target.

option(TFB_WERROR "Treat warnings as errors" OFF)
option(TFB_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(TFB_HARDEN "Build with the hardening flags of a release" OFF)
option(TFB_COVERAGE "Build with gcov instrumentation" OFF)
option(TFB_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(TFB_ANALYZER "Run gcc -fanalyzer on every file" OFF)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(tfb_flags INTERFACE)
target_include_directories(tfb_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
# _GNU_SOURCE: memfd_create, explicit_bzero, prctl and getrandom stand behind it in glibc.
target_compile_definitions(tfb_flags INTERFACE
  _GNU_SOURCE _FILE_OFFSET_BITS=64
  TFB_VERSION="${PROJECT_VERSION}")
target_compile_options(tfb_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
  -Wformat=2 -Wvla -Wundef -Wwrite-strings -Wimplicit-fallthrough -Wno-missing-field-initializers)
if(TFB_WERROR)
  target_compile_options(tfb_flags INTERFACE -Werror)
endif()
if(TFB_ANALYZER)
  target_compile_options(tfb_flags INTERFACE -fanalyzer)
endif()
if(TFB_SANITIZE)
  target_compile_options(tfb_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tfb_flags INTERFACE -fsanitize=address,undefined)
  # The program makes itself undumpable, which stops LeakSanitizer's ptrace; see cli/hygiene.h.
  target_compile_definitions(tfb_flags INTERFACE TFB_SANITIZE=1)
endif()
if(TFB_FUZZ)
  target_compile_options(tfb_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TFB_COVERAGE)
  target_compile_options(tfb_flags INTERFACE --coverage)
  target_link_options(tfb_flags INTERFACE --coverage)
endif()
if(TFB_HARDEN)
  target_compile_options(tfb_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
  target_link_options(tfb_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
endif()

# layer(NAME SOURCES files... USES layers and libraries...): the link graph is the layer rule.
# The library is tfb_NAME, never plain NAME: libcrypto.a would be OpenSSL's.
function(layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
  add_library(tfb_${name} STATIC ${arg_SOURCES})
  target_link_libraries(tfb_${name} PUBLIC tfb_flags ${arg_USES})
endfunction()

# unit_test(NAME USES layers...): tests/unit/test_NAME.c with cmocka, labelled "fast".
function(unit_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "USES;SOURCES" ${ARGN})
  add_executable(test_${name} ${PROJECT_SOURCE_DIR}/tests/unit/test_${name}.c ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${arg_USES} PkgConfig::cmocka)
  target_compile_definitions(test_${name} PRIVATE
    TFB_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TFB_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME unit.${name} COMMAND test_${name} WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
  set_tests_properties(unit.${name} PROPERTIES LABELS fast TIMEOUT 60)
endfunction()

# fault_test(NAME USES layers...): a unit test whose system calls and allocations can be made to fail
# (tests/unit/fault.h), by the linker and without a line in the program.
set(TFB_FAULTS malloc calloc realloc mmap64 munmap mprotect open64 openat64 close read write
  pwrite64 fsync fchmod stat64 lstat64 fstat64 fstatat64 statvfs64 realpath __realpath_chk access unlink unlinkat
  rmdir mkdir mkdirat rename renameat renameat2 flock ftruncate64 futimens getrandom opendir
  clock_gettime nanosleep)
function(fault_test name)
  cmake_parse_arguments(arg "" "" "USES;SOURCES" ${ARGN})
  unit_test(${name} USES ${arg_USES} SOURCES ${arg_SOURCES}
    ${PROJECT_SOURCE_DIR}/tests/unit/fault.c ${PROJECT_SOURCE_DIR}/tests/unit/fault_time.c)
  if(BUILD_TESTING)
    list(TRANSFORM TFB_FAULTS PREPEND "-Wl,--wrap=" OUTPUT_VARIABLE wraps)
    target_link_options(test_${name} PRIVATE ${wraps})
  endif()
endfunction()

# fuzz_target(NAME [PLAIN] USES layers...): tests/fuzz/fuzz_NAME.c. With TFB_FUZZ a libFuzzer program;
# always also a replay of tests/fuzz/corpus/NAME as a unit test, so a found input stays found.
# PLAIN: the libFuzzer program has secrets without guard pages (tests/fuzz/plain_secret.c), for speed.
function(fuzz_target name)
  cmake_parse_arguments(arg "PLAIN" "" "USES" ${ARGN})
  set(source ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
  if(TFB_FUZZ)
    add_executable(fuzz_${name} ${source})
    if(arg_PLAIN)
      target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/plain_secret.c)
    endif()
    target_link_libraries(fuzz_${name} PRIVATE ${arg_USES})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endif()
  if(BUILD_TESTING)
    add_executable(replay_${name} ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
    target_link_libraries(replay_${name} PRIVATE ${arg_USES})
    add_test(NAME fuzz.${name}
      COMMAND replay_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fast TIMEOUT 60)
  endif()
endfunction()
