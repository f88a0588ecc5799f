# What is installed beside the programs (their own rules are in cli/ and net/), and the Debian package:
#   cmake --install build/release --prefix /usr/local
#   cpack --config build/release/CPackConfig.cmake

install(FILES man/thinkfleetbot.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES man/thinkfleetbot-vault.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES man/thinkfleetbot-resolve.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
set(monitor ${PROJECT_SOURCE_DIR}/contrib/auth-monitor)
configure_file(${monitor}/thinkfleetbot-auth-monitor.service.in
  ${PROJECT_BINARY_DIR}/thinkfleetbot-auth-monitor.service @ONLY)
install(PROGRAMS ${monitor}/auth-monitor
  DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/thinkfleetbot)
install(FILES ${PROJECT_BINARY_DIR}/thinkfleetbot-auth-monitor.service
  ${monitor}/thinkfleetbot-auth-monitor.timer DESTINATION lib/systemd/user)
install(DIRECTORY ${monitor} DESTINATION ${CMAKE_INSTALL_DOCDIR}
  PATTERN "*.in" EXCLUDE PATTERN auth-monitor/auth-monitor EXCLUDE PATTERN "*.timer" EXCLUDE)
foreach(completion bash:bash-completion/completions/thinkfleetbot
    zsh:zsh/vendor-completions/_thinkfleetbot fish:fish/vendor_completions.d/thinkfleetbot.fish)
  string(REPLACE ":" ";" part ${completion})
  list(GET part 0 shell)
  list(GET part 1 file)
  set(script ${PROJECT_BINARY_DIR}/completion/${file})
  get_filename_component(folder ${file} DIRECTORY)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completion/${folder})
  add_custom_command(OUTPUT ${script} COMMAND thinkfleetbot completion ${shell} > ${script}
    DEPENDS thinkfleetbot)
  list(APPEND completions ${script})
  install(FILES ${script} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
endforeach()
add_custom_target(completions ALL DEPENDS ${completions})
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# Debian's name for the licence; /usr/share/doc/PACKAGE/copyright is looked for by tools.
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The thinkfleetbot authors <thinkfleetbot@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# Whatever the umask of the person who packs.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "set up, guard and explain the model credentials of a gateway host")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Puts API keys and tokens on the host of an always-on gateway: recognises
what is pasted, tests it at the provider before it is saved, keeps it
encrypted at rest, and hands it to the gateway after a reboot without a
person. A status panel and a doctor say what is wrong when a model stops
answering.")

# The certificates are no library, so nothing finds that dependency by itself.
find_program(TFB_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(TFB_SHLIBDEPS)
if(TFB_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
else()
  set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "libc6, libncursesw6, libtinfo6, libcurl4, libjson-c5, libsodium23, ca-certificates")
endif()

include(CPack)
