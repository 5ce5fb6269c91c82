# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by tools/check-trixie and tools/criu: packages of Debian 13, from where this machine gets Debian, in folders
# of their own. Nothing of this machine's apt is changed.
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# apt WORK COMMAND...: apt-get that knows WORK alone
apt() {
	local work=$1
	shift
	apt-get -q -y -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts="$work/none" \
		-o Dir::Etc::PreferencesParts="$work/none" -o Dir::State::Lists="$work/lists" \
		-o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
		-o APT::Sandbox::User=root -o APT::Architecture="$(dpkg --print-architecture)" "$@"
}

# archives: where this machine gets Debian from, whatever form its list of sources has
archives() {
	# shellcheck source=/dev/null
	. /etc/os-release
	apt-get update --print-uris |
		sed -n "s#^'\(.*\)/dists/${VERSION_CODENAME:-none}/InRelease' .*#\1#p" | sort -u
}

# index WORK: package lists of Debian 13 from the first of the machine's archives that has them
index() {
	local work=$1 uri
	mkdir -p "$work/none" "$work/lists/partial" "$work/cache/archives/partial"
	: >"$work/status"
	while read -r uri; do
		echo "deb [signed-by=$keyring] $uri $suite main" >"$work/sources.list"
		apt "$work" -o APT::Update::Error-Mode=any update && return 0
	done < <(archives)
	echo "no archive of this machine has $suite, signed by $keyring"
	return 1
}
