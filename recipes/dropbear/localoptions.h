/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs from dropbear's default options, in every version we build. */

/* something else listens, and starts one dropbear for each connection */
#define INETD_MODE 1
#define NON_INETD_MODE 0
#define DROPBEAR_REEXEC 0

/* made on the first boot; the root filesystem is read-only */
#define RSA_PRIV_FILENAME "/var/lib/dropbear/rsa_host_key"
#define ECDSA_PRIV_FILENAME "/var/lib/dropbear/ecdsa_host_key"
#define ED25519_PRIV_FILENAME "/var/lib/dropbear/ed25519_host_key"
#define DROPBEAR_PIDFILE "/run/dropbear.pid"

/* there are no programs outside /bin */
#define DEFAULT_PATH "/bin"
#define DEFAULT_ROOT_PATH "/bin"
#define DROPBEAR_PATH_SSH_PROGRAM "/bin/dbclient"
#define DROPBEAR_SFTPSERVER 0

/* faster, for an emulated processor */
#define DROPBEAR_SMALL_CODE 0

/* newer versions have SHA-1 off by themselves */
#define DROPBEAR_SHA1_HMAC 0
#define DROPBEAR_RSA_SHA1 0
#define DROPBEAR_DH_GROUP14_SHA1 0

/* so long somebody who says nothing may keep others from a place among s6-tcpserver's 64 */
#define AUTH_TIMEOUT 60
