#include "kvm_calls.h"
