#!/usr/bin/env bash
# Builds the fuzzers: what they test and the targets as one module each, so that the compiler
# specialises and instruments everything. Empty modules satisfy the imports.
#
#   build.sh        .build/fuzz/fuzz and .build/fuzz/fuzz-devices: see edges and what is compared with what
#   build.sh edges  .build/fuzz/fuzz-edges: edges only, at twice the rate, for many executions
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=.build/fuzz
coverage=()
mkdir -p $folder/modules
: > $folder/empty.swift

# build(program, modules, C modules, files): all of it as one module, and linked. MODULE/FILE is one file
# of a module, for what would clash in one.
build() {
  local program=$1 modules=$2 c=$3 links=$folder/sources-$1
  shift 3
  rm -rf $links
  mkdir -p $links
  local headers=() objects=()
  for source in $modules; do
    local module=${source%%/*}
    if [ ! -e $folder/modules/$module.swiftmodule ]; then
      swiftc -package-name ix -enable-testing -emit-module -module-name $module $folder/empty.swift \
        -o $folder/modules/$module.swiftmodule
    fi
    while read -r file; do
      ln -s "$PWD/$file" "$links/$module-$(basename "$file")"
    done < <(find "Sources/$source" -name '*.swift')
  done
  for module in $c; do
    headers+=(-Xcc -fmodule-map-file=Sources/$module/include/module.modulemap
      -Xcc -ISources/$module/include)
    for file in Sources/$module/*.c; do
      [ -e "$file" ] || continue
      objects+=("$links/$module-$(basename "$file" .c).o")
      clang -O1 -g -ISources/$module/include -c "$file" -o "${objects[-1]}"
    done
  done
  swiftc -package-name ix -parse-as-library -swift-version 6 -O -wmo \
    -sanitize=fuzzer ${coverage[@]+"${coverage[@]}"} -enforce-exclusivity=unchecked \
    -enable-experimental-feature Lifetimes -module-name Fuzz -I $folder/modules \
    "${headers[@]}" $links/*.swift "$@" "${objects[@]}" -o $folder/$program
}

core="IXABI Wire Packets TCP Network"
if [ "${1-}" = edges ]; then
  coverage=(-sanitize-coverage=edge,inline-8bit-counters,pc-table)
  build fuzz-edges "$core" "CIXABI CX86" Tests/Fuzz/*.swift
  exit
fi
build fuzz "$core" "CIXABI CX86" Tests/Fuzz/*.swift
devices="Wire Packets/Addresses.swift Drivers/VirtioTransport.swift Drivers/VirtioHandshake.swift HostNetwork KVM VMM"
build fuzz-devices "$devices" "CX86 CKVM CLinux" \
  Tests/Fuzz/InputReader.swift Tests/Fuzz/Require.swift Tests/Fuzz/Devices/*.swift \
  Tests/VMMTests/{Rig,HostileGuest}.swift -Xlinker --wrap=ix_forget_code
