/* Instructions Swift cannot express. */
#pragma once
#include <stdint.h>
