#!/usr/bin/env bash
# Runs every fuzz target of the module for FUZZTIME seconds each (60), or, with SECONDS_LEFT set, for as
# much less as brings all of them to an end within that time, but never under 5 seconds.
set -euo pipefail

each=${FUZZTIME:-60}
targets=$(go test -list '^Fuzz' ./... | awk '
	/^Fuzz/ { names[++n] = $1 }
	/^ok/   { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }')
if [[ -z $targets ]]; then
	echo "fuzz: no targets found" >&2
	exit 1
fi
count=$(wc -l <<<"$targets")
if [[ -n ${SECONDS_LEFT:-} ]]; then
	share=$((SECONDS_LEFT / count - 5)) # 5 for building and starting each
	((share < each)) && each=$share
	((each < 5)) && each=5
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Reports whether a failed run only came to the end of its time. Go's fuzzer, when its time is up, now and
# then takes its own deadline for an error of a worker: it fails with that one line and no failing input.
only_time_up() {
	awk '
		/^--- FAIL: / { failed = 1; next }
		/^FAIL/ { failed = 0 }
		failed { complaint = complaint $0 "\n" }
		END { exit complaint != "    context deadline exceeded\n" }' "$log"
}

echo "fuzz: $count targets, $each seconds each"
while read -r package name; do
	echo "fuzz: $package $name"
	if ! go test -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" -fuzzminimizetime 2s "$package" 2>&1 | tee "$log"; then
		only_time_up || exit 1
		echo "fuzz: $package $name: the time was up, nothing found"
	fi
done <<<"$targets"
