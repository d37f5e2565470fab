/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_MANIFEST_H
#define BUILD_FILES_MANIFEST_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

/*
 * What an image is made of and how it boots: written by lh-build beside the image,
 * read by lh-verify.  It is the only place where the two programs meet, and an image
 * that is not ours can be verified with a manifest written by hand.
 *
 * Text: first line "lh-manifest 2", then `key value` lines, comments with #.  Paths
 * are relative to the manifest's folder.  An unknown key is an error, a missing one
 * is named.  The reader accepts only what is needed to boot as mandatory: triple,
 * qemu, machine, console, and one of kernel or image.
 */
struct man_part {
	const char *name;     /* rootfs swap rwfs userfs extra: also the filesystem's label */
	const char *type;     /* ext4, swap */
	uint64_t start, size; /* bytes */
	const char *uuid;     /* of the partition */
};

/* a result that was not made here, and the public key of who vouches for it */
struct man_cached {
	const char *node, *signer;
};

struct man_package {
	const char *name, *version;
	const char *key;    /* of the action that built it */
	bool modified;	    /* built from an override */
	const char *commit; /* of a clone, or NULL: not known to be one */
};

struct man_service {
	const char *name;
	const char *type; /* longrun oneshot bundle */
};

/* what the user gave for the image: not ours, so it is not released */
struct man_added {
	const char *what; /* services overlay toolchain native kernel-config debug */
	const char *is;	  /* digest of the folder or file; of debug, the package */
};

/* where this triple is not as others are, and may be so */
struct man_differs {
	const char *subject; /* what is compared: files, services, sockets */
	const char *word;    /* lines with this word may differ */
	const char *reason;
};

struct lines;
/*
 * the value of a `differs SUBJECT WORD REASON` line, of a manifest or of a triple's facts, which it
 * points into; l is for the message
 */
int man_differs_read(const struct lines *l, char *value, struct man_differs *out, struct err *e);

/* what a mode grants that has to be meant: setuid, setgid, writable by everyone; a device */
struct man_special {
	const char *name; /* "rootfs:/bin/su" */
	unsigned uid, gid, mode;
};

/* a socket that waits for whoever comes by the network */
struct man_listen {
	const char *protocol; /* tcp udp raw */
	const char *address;  /* 0.0.0.0 or :: for all of that family */
	unsigned port;
	const char *service; /* whose it is */
};

/* a bill of materials of the image: a file beside it */
struct man_sbom {
	const char *file;
	const char *sha256;
};

/* the image, or a filesystem of it, in another form: a file beside it */
struct man_form {
	const char *name; /* of FORMS: tar qcow2 bmap.. */
	const char *file;
	const char *sha256; /* NULL as long as it is not written */
};

struct manifest {
	const char *dir;     /* folder of the manifest, absolute; not in the file */
	bool untrusted;	     /* a stranger's: verify/trust.h; not in the file */
	const char *lane;    /* how it is started: verify/guest/lane.h; not in the file */
	const char *triple;  /* x86_64-linux-musl */
	const char *arch;    /* short name, as x86_64 */
	const char *profile; /* s6, minimal, or whatever a foreign image calls itself */
	const char *why;     /* why this profile, when `auto` chose it; may be NULL */
	const char *set;
	const char *sandbox; /* were its packages built in one: yes, no; NULL: it is not told */
	const char *net;     /* dhcp or static */
	const char *hostname;
	const char *address, *router, *dns; /* static: the guest's; dhcp: NULL */
	const char *country;

	const char *qemu, *machine, *cpu; /* cpu may be NULL */
	unsigned memory;		  /* MiB */
	unsigned cpus;			  /* 0: one */
	const char *console;		  /* ttyS0 */
	const char *panic;		  /* device for pvpanic, or NULL */
	const char *generation;		  /* device that tells a forked guest to reseed, as
					     vmgenid,guid=auto, or NULL */
	const char *silent_exit;  /* what it means when this QEMU exits with 0 and no event, as
				     guest-shutdown; NULL: nothing, it is to say why it ends */
	const char *after_loadvm; /* what QEMU has to be told when it has loaded a state, as it does
				     not restore it: a command of its qtest protocol; or NULL */
	const char *pc_register;  /* what QEMU's `info registers` calls the program counter, as RIP;
				     NULL: nobody can tell where a guest is */
	const char *kvm; /* HOST [CPU]: what uname -m says of hosts whose processor can run it, and
			    the cpu it is then; NULL: there are none */
	const char *elf; /* "ELF64 X86_64" */
	const char *elf_flags; /* 0xMASK=0xVALUE: bits that e_flags have; NULL: any */
	const char *refuse;    /* instructions that the processor may lack: verify/image/disasm.h */
	const char *guarded;  /* files, then such instructions that they use where the processor has
				 them; none */
	const char *disk_bus; /* virtio (default) ahci nvme sd */
	const char *nic;      /* virtio (default) e1000 e1000e rtl8139 */

	const char *firmware; /* file for QEMU's -bios, or NULL: the machine's own */
	const char *boot_efi; /* OPTION FILE PACKAGE: how QEMU gets a firmware that starts the image
				 without being handed a kernel; NULL: none of the kind does */
	const char *boot_bios, *boot_uboot;
	const char
	    *boot_diskless; /* file that the kernel unpacks as its root, and stays with; or NULL */
	const char *screen; /* device that such a firmware shows something on, as VGA; or NULL */
	const char *kernel; /* file, or NULL: the image boots itself */
	const char *initrd; /* file, or NULL; not without a kernel */
	const char *kernel_sha256;
	const char *kernel_mark;  /* what shows that it is for this machine: verify/image/mark.h */
	const char *append;	  /* kernel command line, without console nonce */
	const char *image;	  /* file */
	const char *image_digest; /* digest_disk */
	const char *files;	  /* what its filesystems hold: filetable.h; or NULL */
	const char *files_sha256; /* of that file */
	const char *symbols;	  /* System.map or NULL */
	const char *symbols_sha256;
	const char *kernel_config; /* the .config it was built with, or NULL */
	const char *kernel_config_sha256;
	const char *root_login; /* by ssh, as root: key; password: with it as well; or NULL */
	const char *authorized_keys_sha256; /* of root's file of that name, and guest's; or NULL */
	const char *credentials;	    /* file of `user password` lines, or NULL */
	const char *agent; /* how a command channel is injected: s6-linux-init, inittab; serial: by
			      logging in on the console; NULL: it cannot be */
	const char *login; /* USER [PASSWORD] for agent serial, or NULL: root */
	const char *key;   /* of the image action */

	struct man_part *parts;
	size_t nparts;
	struct man_form *forms;
	size_t nforms;
	struct man_sbom *sboms;
	size_t nsboms;
	struct man_package *packages;
	size_t npackages;
	struct man_cached *cached;
	size_t ncached;
	struct man_service *services; /* every atomic of `default`, profile s6 */
	size_t nservices;
	struct man_added *added;
	size_t nadded;
	struct man_differs *differs;
	size_t ndiffers;
	struct man_special *specials; /* all there are */
	size_t nspecials;
	struct man_listen *listens; /* all there may be, and have to be */
	size_t nlistens;
	const char **paths; /* folders of the build, each with a / at its end */
	size_t npaths;
};

/* the partition of that name, or NULL */
const struct man_part *manifest_part(const struct manifest *m, const char *name);
/* the first that was added of that kind, or NULL */
const struct man_added *manifest_added(const struct manifest *m, const char *what);
/* the keys that a line may begin with; NULL behind the last */
const char *manifest_key(size_t i);
int manifest_read(struct arena *a, const char *path, struct manifest *m, struct err *e);
/* of the text of one, called name, which is in no folder: m->dir is NULL */
int manifest_parse(
    struct arena *a, const char *name, const char *text, struct manifest *m, struct err *e);
void manifest_format(const struct manifest *m, struct buf *out);
/* by rename, mode 0644 */
int manifest_write(const struct manifest *m, const char *path, struct err *e);
/* the file that a member such as m->kernel names: absolute, on the arena; NULL for NULL */
char *manifest_path(struct arena *a, const struct manifest *m, const char *file);

#endif
