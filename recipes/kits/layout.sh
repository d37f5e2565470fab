# SPDX-License-Identifier: GPL-2.0-or-later
# Turns layout/ into the image's filesystems: what both profiles share, then what
# only one of them has, then what lh-config says.

layout_copy() # PROFILE
{
	mkdir -p "$OUT/rootfs" "$OUT/rwfs" "$OUT/userfs"
	for part in . "$1"; do
		for fs in rootfs rwfs userfs; do
			if [ -d "$TOP/layout/$part/$fs" ]; then
				cp -RP "$TOP/layout/$part/$fs/." "$OUT/$fs"
			fi
		done
	done
	# before there is anything in it that is not ours: what a user gives stays as it is
	layout_substitute "$OUT/rootfs" "$OUT/rwfs" "$OUT/userfs"

	# git keeps no empty folders
	(cd "$OUT/rootfs" && mkdir -p dev home mnt/extra opt proc root/.ssh run sys tmp var)
	# no user may write to rwfs: he could take the last inode, and no logger could begin a file
	(cd "$OUT/rwfs" && mkdir -p lib/dropbear log && ln -s ../run run && ln -s ../home/tmp tmp)
	(cd "$OUT/userfs" && mkdir -p guest/.ssh tmp)

	for home in "$OUT/rootfs/root" "$OUT/userfs/guest"; do
		printf '%s\n' "$SSH_AUTHORIZED_KEYS" >"$home/.ssh/authorized_keys"
	done
	layout_localtime >"$OUT/rootfs/etc/localtime"
}

# A timezone file (RFC 9636) that leaves all to the rule in its last line: two headers
# with counts of leap seconds, transitions, types and letters, and a transition
# to UTC before there were clocks, as the rule holds from the last transition on.
layout_localtime()
{
	case $COUNTRY_CODE in
	uk) rule='GMT0BST,M3.5.0/1,M10.5.0' ;;
	fr | rs) rule='CET-1CEST,M3.5.0,M10.5.0/3' ;;
	vn) rule='<+07>-7' ;;
	cn) rule='CST-8' ;;
	*) rule='UTC0' ;;
	esac
	zero='\0\0\0\0'
	magic="TZif2\\0\\0\\0$zero$zero$zero$zero$zero"
	utc="$zero\\0\\0UTC\\0"
	printf "$magic$zero$zero\\0\\0\\0\\001\\0\\0\\0\\004$utc"
	printf "$magic$zero\\0\\0\\0\\001\\0\\0\\0\\001\\0\\0\\0\\004\\370\\0\\0\\0$zero\\0$utc"
	printf '\n%s\n' "$rule"
}

# of the zones of the pool, only 2 has addresses of IPv6
layout_ntp_peers()
{
	zone=${COUNTRY_CODE:+$COUNTRY_CODE.}
	echo "-p 0.${zone}pool.ntp.org -p 1.${zone}pool.ntp.org -p 2.${zone}pool.ntp.org"
}

# root's password opens the console, and the network only if that is wanted
layout_sshd_root()
{
	[ "$SSH_ROOT_PASSWORD" = true ] || echo ' -g'
}

layout_substitute() # DIR...
{
	# everybody can read the arguments of sed, and a file that is not closed to them
	grep -rlI '@[A-Z]*_HASH@' "$@" | xargs -r chmod 600
	(
		umask 077
		printf 's|@%s@|%s|g\n' ROOT_HASH "${ROOT_HASH:-*}" \
			GUEST_HASH "${GUEST_HASH:-*}" >substitute.sed
	)
	grep -rlI '@[A-Z_]*@' "$@" >substitute.list || :
	while read -r file; do
		sed -i -e "s|@HOSTNAME@|lh-$SHORT|g" \
			-e "s|@CONSOLE@|$CONSOLE|g" \
			-e "s|@LOCAL_IP@|$LOCAL_IP|g" \
			-e "s|@ROUTER_IP@|$ROUTER_IP|g" \
			-e "s|@DNS_IP@|$DNS_IP|g" \
			-e "s|@SSHD_ROOT@|$(layout_sshd_root)|g" \
			-e "s|@NTP_PEERS@|$(layout_ntp_peers)|g" \
			-f substitute.sed "$file"
	done <substitute.list
	if grep -rnI '@[A-Z_]*@' "$@"; then
		echo 'layout: the lines above name something that lh-config does not have' >&2
		exit 1
	fi
}
