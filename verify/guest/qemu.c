/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/qemu.h"

#include "build/base/arena.h"
#include "build/files/manifest.h"
#include "verify/guest/hardware.h"
#include "verify/guest/lan.h"
#include "verify/guest/lane.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* QEMU's option parser takes a doubled comma for one that is part of the value */
static const char *
commas(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 2 * strlen(s) + 1), *p = out;

	for (; *s; s++) {
		if (*s == ',')
			*p++ = ',';
		*p++ = *s;
	}
	return out;
}

static void
push_kernel(struct argv *v, const struct manifest *m, const struct qemu_opts *o)
{
	const char *initrd = lane_is_diskless(m) ? m->boot_diskless : m->initrd;

	if (lane_has_firmware(m))
		lane_push(v, m);
	if (!m->kernel || lane_has_firmware(m))
		return;
	argv_pushv(v, "-kernel", manifest_path(v->a, m, m->kernel), NULL);
	if (initrd)
		argv_pushv(v, "-initrd", manifest_path(v->a, m, initrd), NULL);
	argv_push(v, "-append");
	argv_pushf(v, "%s%s%s%s%s", m->append ? m->append : "", o->nonce ? " lh.nonce=" : "",
	    o->nonce ? o->nonce : "", o->append ? " " : "", o->append ? o->append : "");
}

static void
push_channels(struct argv *v, const struct qemu_opts *o)
{
	if (!o->console) {
		argv_pushv(v, "-chardev", "stdio,id=console,mux=on,signal=off", "-serial",
		    "chardev:console", "-mon", "chardev=console", NULL);
		return;
	}
	argv_push(v, "-chardev");
	argv_pushf(v, "pipe,id=console,path=%s", commas(v->a, o->console));
	argv_pushv(v, "-serial", "chardev:console", "-chardev", NULL);
	argv_pushf(v, "socket,id=qmp,fd=%d", o->qmp_fd);
	argv_pushv(v, "-mon", "chardev=qmp,mode=control", NULL);
	if (o->agent_fd < 0)
		return;
	argv_pushv(v, "-device", "virtio-serial-pci", "-chardev", NULL);
	argv_pushf(v, "socket,id=agent,fd=%d", o->agent_fd);
	argv_pushv(v, "-device", "virtserialport,chardev=agent,name=lh.agent", NULL);
}

static void
push_disk(struct argv *v, const struct manifest *m, const struct qemu_opts *o)
{
	const struct bus *b = bus_of(m->disk_bus);
	const char *serial = b->serial && lane_has_firmware(m) && o->nonce ? o->nonce : b->serial;

	if (!o->disk)
		return;
	argv_push(v, "-drive");
	/* thrown away with the guest, so the host's cache may keep what the guest thinks is on disk
	 */
	if (!o->faults || o->kept || o->raw)
		argv_pushf(v, "if=none,id=disk,format=%s%s,discard=unmap,file=%s",
		    o->kept  ? o->kept
		    : o->raw ? "raw,snapshot=on"
			     : "qcow2",
		    o->kept ? "" : ",cache=unsafe", commas(v->a, o->disk));
	else
		argv_pushf(v,
		    "if=none,id=disk,driver=raw,node-name=" QEMU_DISK ",cache=unsafe,discard=unmap,"
		    "file.driver=qcow2,file.node-name=" QEMU_DISK_BELOW
		    ",file.file.driver=file,file.file.filename=%s",
		    commas(v->a, o->disk));
	if (b->controller)
		argv_pushv(v, "-device", b->controller, NULL);
	argv_push(v, "-device");
	argv_pushf(v, "%s%s%s", b->disk, serial && *serial ? ",serial=" : "", serial ? serial : "");
}

/* the n-th address of the /24 that addr is in, as text; addr NULL or no address: of 10.0.2.0/24 */
static const char *
in_net(struct arena *a, const char *addr, unsigned n)
{
	struct in_addr in = { 0 };

	if (!addr || inet_pton(AF_INET, addr, &in) != 1)
		inet_pton(AF_INET, "10.0.2.0", &in);
	in.s_addr = (in.s_addr & htonl(0xffffff00)) | htonl(n);
	return inet_ntop(AF_INET, &in, arena_alloc(a, INET_ADDRSTRLEN), INET_ADDRSTRLEN);
}

static bool
same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* the n-th address, or the next one that nobody has: QEMU refuses two roles at one address */
static const char *
free_in_net(struct arena *a, const struct manifest *m, unsigned n, const char *taken)
{
	const char *s;

	while (s = in_net(a, m->address, n),
	    same(s, m->address) || same(s, m->router) || same(s, taken))
		n++;
	return s;
}

/*
 * Eight nanoseconds an instruction: a shift that QEMU may adapt races at a third of the speed.
 */
static void
push_pace(struct argv *v, enum qemu_pace pace)
{
	static const char *const icounts[] = {
		[PACE_RACE] = "shift=3,sleep=off",
		[PACE_CALM] = "shift=3,sleep=on",
	};

	if (pace != PACE_HOST)
		argv_pushv(v, "-icount", icounts[pace], NULL);
}

static bool
is_static(const struct manifest *m)
{
	return m->address != NULL;
}

/*
 * A redirector has both ends of one direction: two, one for each end, would pass what the first has
 * sent away.  What the guest receives is the "tx" of its network's side.
 */
static void
push_between(struct argv *v, const int *net)
{
	for (int i = 0; i < QEMU_NET_ENDS; i++) {
		argv_push(v, "-chardev");
		argv_pushf(v, "socket,id=wire%d,fd=%d", i, net[i]);
	}
	for (int i = 0; i < QEMU_NET_ENDS; i += 2) {
		argv_push(v, "-object");
		argv_pushf(v,
		    "filter-redirector,id=between%d,netdev=net,queue=%s,outdev=wire%d,indev=wire%d",
		    i, i == QEMU_NET_FROM_GUEST ? "rx" : "tx", i, i + 1);
	}
}

/*
 * slirp is the network: a router, a name server and a DHCP server.  For a static image it takes the
 * image's own /24 and router, and its DHCP server offers another address than the image's, so that
 * an image that asks for one when it should not is found out.
 */
static void
push_net(struct argv *v, const struct manifest *m, const struct qemu_opts *o)
{
	const char *net = "", *to = "", *dns;

	if (is_static(m)) {
		/* slirp wants its name server inside the net, and not at the router */
		dns = m->dns && !same(m->dns, m->router) &&
			      same(in_net(v->a, m->dns, 0), in_net(v->a, m->address, 0))
			  ? m->dns
			  : free_in_net(v->a, m, 3, NULL);
		net = arena_printf(v->a, ",net=%s/24,host=%s,dns=%s,dhcpstart=%s",
		    in_net(v->a, m->address, 0),
		    m->router ? m->router : in_net(v->a, m->address, 2), dns,
		    free_in_net(v->a, m, 15, dns));
		to = m->address;
	} else if (o->lan) {
		net = arena_printf(v->a, ",net=%s/24,host=%s,dns=%s,dhcpstart=%s", o->lan->net,
		    o->lan->router, o->lan->dns, o->lan->address);
	}
	argv_push(v, "-netdev");
	argv_pushf(v, "user,id=net%s%s%s%s%s", m->untrusted && !o->island ? ",restrict=on" : "",
	    net, o->ssh ? arena_printf(v->a, ",hostfwd=tcp:127.0.0.1:%u-", o->ssh_port) : "",
	    o->ssh ? to : "", o->ssh ? ":22" : "");
	if (o->net)
		push_between(v, o->net);
	argv_pushv(v, "-device", nic_of(m->nic)->device, NULL);
}

/* the PCI bus of the old PC takes devices while it runs; a PCI Express one does below a port */
const char *
qemu_slot(const struct manifest *m)
{
	return !strcmp(m->machine, "pc") || !strncmp(m->machine, "pc,", 3) ||
		       !strncmp(m->machine, "pc-i440fx", 9)
		   ? "pci.0"
		   : "spare";
}

/* its main loop begins, and reads told.in, when the state is loaded */
static void
push_state(struct argv *v, const struct qemu_opts *o)
{
	argv_pushv(v, "-loadvm", o->loadvm, NULL);
	if (!o->told)
		return;
	argv_push(v, "-chardev");
	argv_pushf(v, "pipe,id=told,path=%s", commas(v->a, o->told));
	argv_pushv(v, "-object", "qtest,id=told,chardev=told,log=none", NULL);
}

bool
qemu_has_screen(const struct manifest *m)
{
	return m->screen && (lane_has_firmware(m) || !m->kernel);
}

void
qemu_argv(struct argv *v, const struct manifest *m, const struct qemu_opts *o)
{
	/* a path is relative to the manifest; a name is looked up in PATH */
	argv_push(v, strchr(m->qemu, '/') ? manifest_path(v->a, m, m->qemu) : m->qemu);
	argv_pushv(
	    v, "-nodefaults", "-no-user-config", "-display", "none", "-machine", m->machine, NULL);
	argv_pushv(v, "-accel", o->accel ? o->accel : "tcg", NULL);
	push_pace(v, o->pace);
	if (o->cpu || m->cpu)
		argv_pushv(v, "-cpu", o->cpu ? o->cpu : m->cpu, NULL);
	argv_push(v, "-m");
	argv_pushf(v, "%u", o->memory ? o->memory : m->memory);
	argv_push(v, "-smp");
	argv_pushf(v, "%u", o->cpus ? o->cpus : m->cpus ? m->cpus : 1);
	if (m->untrusted)
		argv_pushv(v, "-sandbox",
		    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		    NULL);
	/* a reset and a panic both end QEMU, each with its own reason */
	argv_push(v, "-action");
	argv_pushf(
	    v, "reboot=%s,shutdown=poweroff,panic=shutdown", o->reboot ? "reset" : "shutdown");
	if (m->firmware)
		argv_pushv(v, "-bios", manifest_path(v->a, m, m->firmware), NULL);
	push_kernel(v, m, o);
	push_channels(v, o);
	push_disk(v, m, o);
	push_net(v, m, o);
	/* without it a guest waits for entropy, some for seconds */
	argv_push(v, "-device");
	argv_pushf(v, "virtio-rng-pci%s", o->leap ? arena_printf(v->a, ",period=%u", o->leap) : "");
	if (m->panic)
		argv_pushv(v, "-device", m->panic, NULL);
	if (qemu_has_screen(m))
		argv_pushv(v, "-device", m->screen, NULL);
	if (o->slot && !strcmp(qemu_slot(m), "spare"))
		argv_pushv(v, "-device", "pcie-root-port,id=spare", NULL);
	if (m->generation)
		argv_pushv(v, "-device", m->generation, NULL);
	if (o->share) {
		argv_push(v, "-fsdev");
		argv_pushf(v, "local,id=share,security_model=none,path=%s", commas(v->a, o->share));
		argv_pushv(v, "-device", "virtio-9p-pci,fsdev=share,mount_tag=share", NULL);
	}
	if (o->waits)
		argv_push(v, "-S");
	else if (o->loadvm)
		push_state(v, o);
}
