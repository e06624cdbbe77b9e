# cmake -DBRUME=program -DREFERENCE=file -P: fails when the file is not what the program prints.
execute_process(COMMAND ${BRUME} help --markdown OUTPUT_VARIABLE now COMMAND_ERROR_IS_FATAL ANY)
file(READ ${REFERENCE} kept)
if(NOT now STREQUAL kept)
  message(FATAL_ERROR "${REFERENCE} is not what the schema says. Write it anew: cmake --build BUILD -t brume_api_reference")
endif()
