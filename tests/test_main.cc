// The main function every test program shares; compiled once because Catch's runner is slow to compile.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
