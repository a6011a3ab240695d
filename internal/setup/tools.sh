#!/usr/bin/env bash
# Installs what rampart's tests need beside Go, and checks the versions. Does nothing where all is there.
# On a system without apt-get it only checks, and names what is missing. With arguments it looks after
# those packages alone.
set -euo pipefail

# package | a command or file that it brings | least version | how to tell the version
tools='
gcc               | gcc       | 10    | gcc -dumpfullversion
g++               | g++       | 10    | g++ -dumpfullversion
make              | make      | 4.0   | make --version
ccache            | ccache    | 4.0   | ccache --version
verilator         | verilator | 5.006 | verilator --version
yosys             | yosys     | 0.23  | yosys -V
iverilog          | iverilog  | 11.0  | iverilog -V 2>/dev/null
z3                | z3        | 4.8   | z3 --version
libonnx-testdata  | /usr/share/libonnx-testdata/data | |
'

only=" $* "
rows() {
	grep '|' <<<"$tools" | sed 's/ *| */|/g; s/ *$//' | awk -F '|' -v only="$only" 'only == "  " || index(only, " " $1 " ")'
}

present() { [[ $1 == /* ]] && [[ -e $1 ]] || command -v "$1" >/dev/null; }

missing=()
while IFS='|' read -r package thing _ _; do
	present "$thing" || missing+=("$package")
done < <(rows)

if ((${#missing[@]})); then
	if ! command -v apt-get >/dev/null; then
		echo "setup: missing: ${missing[*]}; install them with this system's package manager" >&2
		exit 3
	fi
	as_root=()
	if ((EUID != 0)); then
		command -v sudo >/dev/null || {
			echo "setup: not root and no sudo; run as root: apt-get install -y ${missing[*]}" >&2
			exit 3
		}
		as_root=(sudo -n)
	fi
	echo "setup: installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	"${as_root[@]}" apt-get update -qq
	"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

failed=0
while IFS='|' read -r package thing least how; do
	if ! present "$thing"; then
		echo "setup: $package is installed, but $thing is not there" >&2
		failed=1
	elif [[ -n $least ]]; then
		says=$(bash -c "$how")
		version=$(grep -oE '[0-9]+(\.[0-9]+)+' <<<"$says" | sed -n 1p)
		if [[ $(printf '%s\n' "$least" "$version" | sort -V | head -n1) != "$least" ]]; then
			echo "setup: $package is version ${version:-unknown}, at least $least is needed" >&2
			failed=1
		fi
	fi
done < <(rows)
((failed == 0)) || exit 3
