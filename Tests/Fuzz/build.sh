#!/usr/bin/env bash
# Builds the fuzzer: the portable core and the targets as one module, so that the compiler
# specialises and instruments everything. Empty modules satisfy the imports.
#
#   build.sh        .build/fuzz/fuzz: sees edges and what is compared with what
#   build.sh edges  .build/fuzz/fuzz-edges: edges only, at twice the rate, for many executions
set -euo pipefail
cd "$(dirname "$0")/../.."

program=fuzz
coverage=()
if [ "${1-}" = edges ]; then
  program=fuzz-edges
  coverage=(-sanitize-coverage=edge,inline-8bit-counters,pc-table)
fi

modules="IXABI Wire Packets TCP Network"
folder=.build/fuzz
rm -rf $folder/sources
mkdir -p $folder/sources $folder/modules
: > $folder/empty.swift
for module in $modules; do
  if [ ! -e $folder/modules/$module.swiftmodule ]; then
    swiftc -package-name ix -emit-module -module-name $module $folder/empty.swift \
      -o $folder/modules/$module.swiftmodule
  fi
  for file in Sources/$module/*.swift; do
    ln -s "$PWD/$file" "$folder/sources/$module-$(basename "$file")"
  done
done

swiftc -package-name ix -parse-as-library -swift-version 6 -O -wmo \
  -sanitize=fuzzer ${coverage[@]+"${coverage[@]}"} -enforce-exclusivity=unchecked \
  -enable-experimental-feature Lifetimes -module-name Fuzz -I $folder/modules \
  -Xcc -fmodule-map-file=Sources/CIXABI/include/module.modulemap -Xcc -ISources/CIXABI/include \
  -Xcc -fmodule-map-file=Sources/CX86/include/module.modulemap -Xcc -ISources/CX86/include \
  $folder/sources/*.swift Tests/Fuzz/*.swift -o $folder/$program
