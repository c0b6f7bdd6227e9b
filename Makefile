# IX: build, run and test. `ixlaunch build` and `ixlaunch run` do the work.

LAUNCHER  := .build/release/ixlaunch
MANIFESTS := $(wildcard Images/*.yaml)
# Images that only tests boot.
TEST_MANIFESTS := $(wildcard Tests/Applications/*/*.yaml)

BUILD_PACKAGES := qemu-system-x86 nasm libelf-dev zlib1g-dev pkg-config libdpdk-dev
TEST_PACKAGES  := iproute2 iputils-ping iputils-arping netcat-openbsd curl nmap tcpdump python3 procps \
                  libmemcached-tools socat tshark gdb dpdk-dev ethtool \
                  wrk apache2-utils
BENCH_PACKAGES := iproute2 util-linux procps python3 gcc libc6-dev cpio gnuplot-nox valgrind liblwip-dev
NESTED_PACKAGES := busybox-static cpio lz4 binutils iproute2 bochs bochsbios vgabios bochs-x xvfb xauth \
                   isolinux syslinux-common xorriso
# Images that only benchmarks boot.
BENCH_MANIFESTS := $(wildcard Benchmarks/Images/*.yaml)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.DELETE_ON_ERROR:
.PHONY: all deps test-deps bench-deps build test-images bench-images run test count count-check compare-lwip bench bench-quick test-nested fuzz fuzz-briefly format-check clean

all: build

# install-missing(packages): quick when nothing is missing; only then needs no root.
define install-missing
@missing=; for package in $(1); do \
  dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
if [ -n "$$missing" ]; then \
  $(SUDO) apt-get update -q && \
  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
fi
endef

deps:
	$(call install-missing,$(BUILD_PACKAGES))

test-deps: deps
	$(call install-missing,$(TEST_PACKAGES))

build: deps
	@swift build -c release --product ixlaunch
	@swift build -c release --product ixmonitor
	@swift build -c release --product ixnet
	@set -e; for manifest in $(MANIFESTS); do $(LAUNCHER) build $$manifest; done

run: build
	@exec $(LAUNCHER) run Images/echo.yaml

# Everything the system tests need beside the stock images.
test-images: build
	@swift build -c release --product ixload
	@set -e; for manifest in $(TEST_MANIFESTS); do $(LAUNCHER) build $$manifest; done

test: test-deps format-check test-images
	swift test
	python3 Tests/SystemTests/readme.py

# Guests on real KVM: SVM of an emulated AMD processor (seconds), then VT-x with EPT of one that Bochs
# emulates in full (about two minutes). Whatever this machine's own /dev/kvm is, it plays no part.
test-nested: build
	$(call install-missing,$(NESTED_PACKAGES))
	@swift build -c release --product ixload
	@swift build -c release --product NestedImages
	@$(LAUNCHER) build Tests/Applications/Probe/probe.yaml
	@Tests/Nested/build
	@Tests/Nested/run-svm
	@Tests/Nested/run-vmx

# Coverage-guided fuzzing (libFuzzer) of the network stack, of the monitor's devices and of the front end
# of vhost-user: briefly after every change, longer by `make fuzz SECONDS=3600`.
SECONDS ?= 600
fuzz:
	Tests/Fuzz/build.sh
	Tests/Fuzz/run.sh $(SECONDS)

fuzz-briefly:
	@$(MAKE) --no-print-directory fuzz SECONDS=30

# Guest instructions per request, compared with Tests/Measurements/baseline.json; needs root and gcc.
count: test-images
	$(call install-missing,gcc libc6-dev)
	$(SUDO) Tests/Measurements/count

# The regression gate, in half a minute: fails on a figure that is clearly worse than
# Tests/Measurements/baseline.json, where `count` says by how much.
count-check: count

bench-deps: deps
	$(call install-missing,$(BENCH_PACKAGES))

# Everything that is measured: IX's images, and the Linux guest beside them.
bench-images: bench-deps build
	@swift build -c release --product ixload
	@set -e; for manifest in $(BENCH_MANIFESTS); do $(LAUNCHER) build $$manifest; done
	@Benchmarks/Linux/build

# IX beside Linux, in about 40 minutes; the report is .build/bench/report/RESULTS.md. Needs root.
# A part of it: `make bench BENCH="--only echo,http --rounds 3"`.
BENCH ?=
bench: bench-images
	$(SUDO) Benchmarks/bench $(BENCH)

# Every figure once and briefly: tries the benchmarks, measures nothing to go by.
bench-quick: bench-images
	$(SUDO) Benchmarks/bench --quick $(BENCH)

# What our stack and lwIP execute for the same conversations, counted with callgrind.
compare-lwip:
	$(call install-missing,gcc valgrind liblwip-dev)
	Tests/Measurements/compare-lwip

format-check:
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks

clean:
	rm -rf .build
