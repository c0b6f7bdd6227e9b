#include "ix_abi.h"
