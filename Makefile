# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the programs, then calls them: how an image is built and verified is
# known to lh-build, lh-verify and lh-bisect, not here.  Local settings go to config.mk.
#
#   O=DIR     objects and programs elsewhere (default: .obj, programs in bin/)
#   SAN=1     with AddressSanitizer and UBSan, in their own folder
#   WERROR=1  warnings are errors
#   CCACHE=ccache  what was compiled before comes from there: what stands before the compiler
#   V=1       shows every command whole

.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := image

-include config.mk

CC ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif
O ?= .obj$(if $(SAN),/san)
B := $(if $(SAN),$(O)/bin,$(if $(filter .obj,$(O)),bin,$(O)/bin))

CFLAGS ?= -O2 -g
# a line says what is made; V=1 shows the command
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wpointer-arith -Wcast-qual -Wvla \
	-Wformat=2 -Wundef -Wimplicit-fallthrough $(if $(WERROR),-Werror)
comma := ,
SANITIZE := -fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
override CFLAGS += $(if $(SAN),$(SANITIZE))
override CPPFLAGS += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -DLH_VERSION='"$(VERSION)"'
VERSION := 0.1

BASE := $(patsubst %.c,$(O)/%.o,$(wildcard build/base/*.c build/files/*.c))
BUILD := $(patsubst %.c,$(O)/%.o,$(filter-out build/base/% build/files/% build/test/% \
	build/fuzz/%,$(wildcard build/*/*.c)))
VERIFY := $(patsubst %.c,$(O)/%.o,$(filter-out verify/main.c verify/test/% verify/fuzz/% \
	verify/bisect/%,$(wildcard verify/*.c verify/*/*.c)))
# lh-bisect reads and writes reports as lh-verify does, and has options in common with it
BISECT_USES := $(patsubst %.c,$(O)/%.o,verify/options.c verify/outdir.c verify/printk.c \
	$(wildcard verify/report/*.c))
BISECT := $(patsubst %.c,$(O)/%.o,$(filter-out verify/bisect/main.c,$(wildcard verify/bisect/*.c)))
BUILD_TEST := $(patsubst %.c,$(O)/%.o,$(filter-out build/test/faults.c build/test/writetree.c,\
	$(wildcard build/test/*.c build/*/test/*.c)))
VERIFY_TEST := $(patsubst %.c,$(O)/%.o,$(filter-out verify/test/fake-qemu.c \
	verify/test/bench-%.c,$(wildcard verify/test/*.c verify/*/test/*.c)))
VERIFY_TEST += $(O)/build/test/harness.o
TOOLS := $(B)/lh-build $(B)/lh-verify $(B)/lh-bisect

# each library's headers are for one file only; ci/edges checks it
PKG_build_source_transfer := libcurl
PKG_build_source_unpack := libarchive
PKG_build_cache_pack := libarchive
PKG_build_form_qcow2 := zlib
PKG_build_image_disk := fdisk
PKG_build_image_fs := ext2fs com_err
PKG_build_diff_fsdiff := ext2fs com_err
PKG_build_diff_tabled := ext2fs com_err
PKG_build_files_digest := libcrypto
PKG_build_files_sign := libcrypto
PKG_build_files_elf := libelf
PKG_build_publish_provenance := jansson
PKG_build_publish_sbom := jansson
PKG_verify_expect := libpcre2-8
PKG_verify_guest_ssh := libssh2
PKG_verify_image_guestfs := ext2fs com_err
PKG_verify_image_disasm := capstone
PKG_verify_guest_qmp := jansson
PKG_verify_history_store := sqlite3

LIBS_build := libcurl libarchive zlib fdisk ext2fs com_err jansson libcrypto libelf
LIBS_verify := libpcre2-8 libssh2 ext2fs com_err jansson capstone libcrypto libelf sqlite3
LIBS_bisect := libelf libcrypto
# for the tests: what they serve from and make hostile archives with
LIBS_build_test := check libmicrohttpd
LIBS_verify_test := check

PKG_test := check libmicrohttpd libarchive ext2fs com_err
pkg_of = $(PKG_$(subst /,_,$(basename $(1)))) $(if $(findstring /test/,$(1)),$(PKG_test))
pkg_flags = $(if $(strip $(1)),$(shell pkg-config --cflags $(1)))
pkg_libs = $(shell pkg-config --libs $(1))

TEST_PROGRAMS := $(O)/test-build $(O)/test-verify $(O)/fake-qemu $(O)/faults.so

TARGETS_HERE := help tools test-programs sources packages kernel rootfs rwfs userfs image images \
	build verify flash release bisect reproduce qemu-boot check check-unit check-broken \
	mutants bench bench-build bench-history bench-image bench-verify fuzz lint format clean \
	distclean check-unit-build check-unit-verify install uninstall
.PHONY: $(TARGETS_HERE) FORCE

tools: $(TOOLS)

$(B)/lh-build: $(O)/build/main.o $(BUILD) $(BASE)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_build)) -lcrypt

$(B)/lh-verify: $(O)/verify/main.o $(VERIFY) $(BASE)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_verify)) -lm

$(B)/lh-bisect: $(O)/verify/bisect/main.o $(BISECT) $(BISECT_USES) $(BASE)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_bisect)) -lm

$(O)/test-build: $(BUILD_TEST) $(BUILD) $(BASE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(LIBS_build) $(LIBS_build_test)) -lcrypt

$(O)/test-verify: $(VERIFY_TEST) $(VERIFY) $(BISECT) $(BASE) | $(TOOLS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(LIBS_verify) $(LIBS_verify_test)) -lm

$(O)/writetree: $(O)/build/test/writetree.o $(BUILD) $(BASE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_build)) -lcrypt

ifeq ($(SAN),)
$(O)/fake-qemu: $(O)/verify/test/fake-qemu.o $(O)/verify/guest/qmp.o $(BASE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,jansson libcrypto libelf)
else
# tests start it a thousand times, and what it is made of is tested elsewhere
$(O)/fake-qemu: $(O)/plain/fake-qemu
	$(Q)ln -f $< $@
$(O)/plain/fake-qemu: FORCE
	+$(Q)$(MAKE) --no-print-directory SAN= O=$(@D) $@
FORCE:
endif

$(O)/bench-history: $(O)/verify/test/bench-history.o $(O)/verify/test/nights.o $(VERIFY) $(BASE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_verify)) -lm

$(O)/bench-expect: $(O)/verify/test/bench-expect.o $(VERIFY) $(BASE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_verify)) -lm

# the commit is in one object, which is as new as the checkout's last commit
GIT := $(if $(wildcard .git/HEAD),.git,$(if $(wildcard .git),\
	$(patsubst gitdir: %,%,$(file <.git))))
COMMIT = $(if $(GIT),$(shell git log -1 --format=' (%h)' 2>/dev/null))
$(O)/build/base/version.o: $(if $(GIT),$(wildcard $(GIT)/HEAD $(GIT)/logs/HEAD))
$(O)/build/base/version.o: override CPPFLAGS += -DLH_COMMIT='"$(COMMIT)"'

# its functions have the names, and dlsym(3) the pointers, that ISO C has no word for
$(O)/faults.so: build/test/faults.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE $(filter-out -Wpedantic -Wmissing-prototypes,$(WARN)) \
		$(CFLAGS) -fPIC -shared -o $@ $< -ldl

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CCACHE) $(CC) -std=c17 $(CPPFLAGS) $(WARN) $(CFLAGS) \
		$(call pkg_flags,$(call pkg_of,$*.c)) -MMD -MP -c -o $@ $<

# as deep as the sources lie; not by find, nor for tests that nobody asks for, or each start of
# make would pay for it
TESTING := $(findstring test,$(MAKECMDGOALS))$(filter %/fake-qemu check-unit,$(MAKECMDGOALS))
-include $(wildcard $(O)/build/*.d $(O)/build/*/*.d $(O)/verify/*.d $(O)/verify/*/*.d \
	$(if $(TESTING),$(O)/*/*/test/*.d))

test-programs: $(TEST_PROGRAMS)

# side by side with -j: most of the time each waits for a child
check-unit: check-unit-build check-unit-verify

check-unit-build: $(TEST_PROGRAMS)
	$(O)/test-build

check-unit-verify: $(TEST_PROGRAMS)
	LH_FAKE_QEMU=$(O)/fake-qemu $(O)/test-verify

check:
	@ci/check

# every parser, or TARGETS, for SECONDS each, or with the same RUNS inputs: programs of their own,
# by clang with libFuzzer
FUZZ_ALL = $(patsubst fuzz_%,%,$(basename $(notdir $(wildcard */fuzz/fuzz_*.c))))
FUZZ = $(or $(call raw,TARGETS),$(FUZZ_ALL))
FUZZ_O = $(O)/fuzz
FUZZ_CFLAGS = -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link

fuzz:
	@[ -z $(call quote,$(filter-out $(FUZZ_ALL),$(FUZZ))) ] || { \
		printf 'make: fuzz: no target %s; they are in build/fuzz/ and verify/fuzz/\n' \
			$(call quote,$(filter-out $(FUZZ_ALL),$(FUZZ))) >&2; \
		(exit 100); } $(told)
	@ci/fuzz ready
	+@$(MAKE) $(if $(V),,-s) --no-print-directory CC=clang O=$(FUZZ_O) SAN= \
		CFLAGS='$(FUZZ_CFLAGS)' $(FUZZ:%=$(FUZZ_O)/fuzz-%)
	@ci/fuzz run $(FUZZ_O) $(call quote,$(if $(RUNS),$(call raw,RUNS)x,$(or \
		$(call raw,SECONDS),5))) $(FUZZ) $(told)

ifeq ($(notdir $(O)),fuzz)
.SECONDARY: $(patsubst %.c,$(O)/%.o,$(wildcard */fuzz/*.c))

$(O)/fuzz-%: $(O)/build/fuzz/fuzz_%.o $(O)/build/fuzz/fuzz.o $(O)/build.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(LIBS_build)) -lcrypt

$(O)/fuzz-%: $(O)/verify/fuzz/fuzz_%.o $(O)/build/fuzz/fuzz.o $(O)/verify.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(LIBS_verify)) -lm

$(O)/build.a: $(BUILD) $(BASE)
$(O)/verify.a: $(VERIFY) $(BASE)
$(O)/build.a $(O)/verify.a:
	@rm -f $@
	$(Q)ar rcs $@ $^
endif

lint: $(TOOLS)
	@$(LHB) lint
	@$(LHV) lint
	@$(LHV) lint $(wildcard scenarios/examples/*/*.scn)

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

#
# From here on: calling them.  Variables given on the command line go to lh-build as they
# are, but for those that mean something here.
#

MINE := O SAN V WERROR CC CCACHE CFLAGS CPPFLAGS LDFLAGS GNUMAKE TRIPLE TRIPLES NETS SCENARIO \
	LANES VFLAGS SECONDS RUNS TARGETS SAMPLE SEED ONLY FUNCTION LIST PREFIX DESTDIR DEVICE FORCE
# everybody on this machine can read the words of a process; make puts these into the environment
SECRET := ROOT_PASSWORD GUEST_PASSWORD MIRRORS CACHE_URL
GIVEN := $(foreach v,$(.VARIABLES),$(if $(findstring command line,$(origin $v)),$v))
# a word for the shell, whatever is in it
quote = '$(subst ','\'',$(1))'
# a value as it was given: make would expand a $ in it, which only a makefile means that way
raw = $(if $(filter file override,$(origin $(1))),$($(1)),$(value $(1)))
# all of a variable as one word behind an option, when it has any
one = $(if $(call raw,$(2)),$(1) $(call quote,$(call raw,$(2))))
# each word of a variable, behind an option
each = $(foreach w,$(call raw,$(2)),$(1)$(call quote,$w))
PASSED := $(filter-out $(MINE) $(SECRET) MAKEOVERRIDES MAKEFLAGS -%,$(GIVEN))
as_given = $(foreach v,$(1),$(call quote,$v=$(call raw,$v)))
ARGS := $(call as_given,$(PASSED))
TRIPLE_ARG := $(if $(filter TRIPLE,$(GIVEN)),$(call quote,TRIPLE=$(call raw,TRIPLE)))
# TRIPLES=all, or a list; else the one that is configured
TRIPLE_ARGS := $(TRIPLE_ARG) $(if $(call raw,TRIPLES),$(call quote,TRIPLES=$(call raw,TRIPLES)))
OR_ALL = $(call quote,TRIPLES=$(or $(call raw,TRIPLES),all))
# the same for what takes one at a time; - is the one that is configured
ALL = $(notdir $(patsubst %/facts,%,$(wildcard sysdeps/*/facts)))
NAMED = $(if $(filter all,$(call raw,TRIPLES)),$(ALL),$(call raw,TRIPLES))
EACH = $(or $(foreach t,$(NAMED),$(call quote,TRIPLE=$t)),$(TRIPLE_ARG),-)

LHB := $(B)/lh-build
LHV := $(B)/lh-verify
LHS := $(B)/lh-bisect
# make -n and make -k mean the same to lh-build: letters before the first word with a dash
SHORT := $(filter-out -%,$(firstword $(MAKEFLAGS)))
LHB_FLAGS := $(if $(findstring n,$(SHORT)),-n) $(if $(findstring k,$(SHORT)),-k)

# SCENARIOS: folders of further ones.  What is for lh-bisect alone means nothing to lh-build.
OF_BISECT := GOOD BAD PACKAGE REPO DRY_RUN REPEAT FAILURE METRIC
OF_BUILD = $(call as_given,$(filter-out $(OF_BISECT),$(PASSED)))
ALSO = $(foreach d,$(shell $(LHB) config SCENARIOS $(OF_BUILD)),--also $(call quote,$d))

# what a command prints, a word a line: OUTPUT may have blanks
lines = IFS=$$(printf '\n_') && IFS=$${IFS%_} && set -f &&

# make -n plays no scenario, and says which it would
RUN := $(if $(filter -n,$(LHB_FLAGS)),list,run)
EXISTING := $(if $(filter -n,$(LHB_FLAGS)), | \
	while read -r m; do [ ! -e "$$m" ] || echo "$$m"; done)

# of the scenarios: quick, or those that are named
LANE_ARGS := $(call each,--lane ,LANES)
SCENARIO_ARGS := $(call each,-s ,SCENARIO)

NETS ?= dhcp static
NET_ARGS := $(call each,--net=,NETS)

# ./make ends with the status that a program of ours ended with
told = || { s=$$?; echo $$s >"$${LH_STATUS:-/dev/null}"; exit $$s; }
# a failed build is inconclusive: git bisect run must skip it, not call it bad
unjudged = || { s=$$?; case $$s in 1 | 111) s=125 ;; esac; \
	echo $$s >"$${LH_STATUS:-/dev/null}"; exit $$s; }

# to a person who asked for an image and nothing else
next = @[ ! -t 2 ] || echo 'next: ./run-qemu boots it, ./make verify tests it' >&2

# the + hands on our jobserver, and lets make -n reach lh-build -n
sources: $(TOOLS)
	@$(LHB) fetch $(ARGS) $(TRIPLE_ARGS) $(told)

packages kernel image: $(TOOLS)
	+@$(LHB) build $(LHB_FLAGS) --until=$@ $(ARGS) $(TRIPLE_ARGS) $(told)
	$(if $(filter $@-,$(or $(MAKECMDGOALS),image)-$(findstring n,$(SHORT))),$(next))

rootfs rwfs userfs: image

images: $(TOOLS)
	+@$(LHB) build $(LHB_FLAGS) $(ARGS) $(OR_ALL) $(told)

verify: $(TOOLS)
	+@$(LHB) build $(LHB_FLAGS) $(NET_ARGS) $(ARGS) $(TRIPLE_ARGS) $(unjudged)
	+@$(lines) $(LHV) $(RUN) --trusted $(VFLAGS) $(ALSO) $(SCENARIO_ARGS) $(LANE_ARGS) \
		-o "$$($(LHB) config OUTPUT $(ARGS))/verify" \
		$$($(LHB) manifests $(NET_ARGS) $(ARGS) $(TRIPLE_ARGS)$(EXISTING)) $(told)

reproduce: $(TOOLS)
	@(for t in $(EACH); do $(LHB) reproduce $(ARGS) $${t#-} || exit; done) $(told)

check-broken: $(TOOLS)
	+@$(LHB) build $(LHB_FLAGS) $(NET_ARGS) $(ARGS) $(TRIPLE_ARGS) $(unjudged)
	@($(lines) for m in $$($(LHB) manifests $(NET_ARGS) $(ARGS) $(TRIPLE_ARGS)); do \
		$(LHV) mutants --trusted --boot all $(VFLAGS) $(SCENARIO_ARGS) $(LANE_ARGS) \
			$(if $(LIST),--list) \
			-o "$$($(LHB) config OUTPUT $(ARGS))/mutants" \
			verify/test/broken "$$m" || exit; \
	done) $(told)

# a folder for each image, from which the next run goes on; FUNCTION asks guests, too
mutants: $(TOOLS)
	+@$(LHB) build $(LHB_FLAGS) $(NET_ARGS) $(ARGS) $(TRIPLE_ARGS) $(unjudged)
	@($(lines) o=$$($(LHB) config OUTPUT $(ARGS)); \
	for m in $$($(LHB) manifests $(NET_ARGS) $(ARGS) $(TRIPLE_ARGS)); do \
		d=$${m#"$$o"/} && $(LHV) mutants --trusted $(VFLAGS) $(ALSO) \
			$(SCENARIO_ARGS) $(LANE_ARGS) \
			$(call one,--sample,SAMPLE) $(call one,--seed,SEED) \
			$(call one,--only,ONLY) $(if $(FUNCTION),--function) \
			-o "$$o/$(if $(FUNCTION),function,score)/$${d%/manifest}" "$$m" || exit; \
	done) $(told)

# every triple in both networks; the figures are lines on stdout
bench-verify: $(TOOLS) $(O)/bench-expect
	+@$(LHB) build $(LHB_FLAGS) --net=dhcp --net=static $(ARGS) TRIPLES=all >&2 $(told)
	@$(lines) BENCH_EXPECT=$(O)/bench-expect verify/test/bench \
		"$$($(LHB) config CACHE $(ARGS))" \
		"$$($(LHB) config OUTPUT $(ARGS))/bench" \
		$$($(LHB) manifests --net=dhcp --net=static $(ARGS) TRIPLES=all) $(told)

# with little to do, in a small checkout of its own
bench-build: $(TOOLS)
	@build/test/bench

# how fast an image is written, of folders of several kinds
bench-image: $(O)/writetree
	@build/test/bench-image $(O)/writetree

# a year of made-up nights
bench-history: $(O)/bench-history
	@$(O)/bench-history

# all there are
bench:
	+@$(MAKE) --no-print-directory $$(sed -n 's/^\(bench-[a-z]*\):.*/\1/p' Makefile)

# of all triples, unless TRIPLES says otherwise; the checkout is looked at before hours go by.
# Images that nobody can log in to: what let in who built them would let him in to every copy; and
# without what a BIOS needs, which no package is.
CLOSED := ROOT_PASSWORD='*' GUEST_PASSWORD='*' SSH_AUTHORIZED_KEYS= BOOT=nobios
release: $(TOOLS)
	+@$(LHB) release -n $(ARGS) $(told)
	+@$(MAKE) --no-print-directory verify $(OR_ALL) $(CLOSED)
	@$(LHB) release $(NET_ARGS) $(ARGS) $(OR_ALL) $(CLOSED) $(told)

bisect: $(TOOLS)
	+@$(LHS) $(VFLAGS) $(ALSO) $(SCENARIO_ARGS) \
		$(if $(filter -n,$(LHB_FLAGS)),DRY_RUN=1) $(ARGS) $(TRIPLE_ARG) $(told)

# a folder has that name; who asks for it wants the image
build: image

qemu-boot: image
	@./run-qemu --trusted "$$($(LHB) manifests $(ARGS) $(TRIPLE_ARG) TRIPLES=)"

# DEVICE=/dev/..; its block map is made for it, whatever FORMS says
flash: $(TOOLS)
	+@$(LHB) build $(LHB_FLAGS) $(ARGS) $(TRIPLE_ARG) TRIPLES= \
		FORMS="$$($(LHB) config FORMS $(ARGS)) bmap" $(told)
	@$(LHB) flash $(filter -n,$(LHB_FLAGS)) $(if $(filter-out 0 false no,$(FORCE)),--force) \
		$(ARGS) $(TRIPLE_ARG) $(call one,,DEVICE) $(told)

clean distclean: $(TOOLS)
	@$(LHB) $@ $(ARGS) $(told)

help: $(TOOLS)
	@sed -n 's/`//g; /^- /,/^$$/p' doc/make.md
	@$(LHB) --help
	@$(LHV) --help
	@$(LHS) --help

# where to: DESTDIR is put before PREFIX, which is where it will be
PREFIX ?= /usr/local
# MODE:FROM:TO, the latter below PREFIX
PAGES = $(wildcard doc/man/*.[1-8])
INSTALLED = $(foreach t,$(TOOLS),755:$t:bin/$(notdir $t) \
	644:doc/completion/lh-bootstrap.bash:share/bash-completion/completions/$(notdir $t)) \
	$(foreach p,$(PAGES),644:$p:share/man/man$(patsubst .%,%,$(suffix $p))/$(notdir $p)) \
	644:doc/completion/_lh-bootstrap:share/zsh/site-functions/_lh-bootstrap \
	644:COPYING:share/lh-bootstrap/COPYING \
	$(foreach s,$(filter-out scenarios/examples,$(wildcard scenarios/*)) \
		$(wildcard scenarios/examples/*/*.scn sysdeps/*/facts),\
		644:$s:share/lh-bootstrap/$s) \
	$(foreach s,$(wildcard scenarios/examples/*/make-image),755:$s:share/lh-bootstrap/$s)
BELOW = $(call quote,$(call raw,DESTDIR)$(call raw,PREFIX))
OURS = $(BELOW)/share/lh-bootstrap
refuse = { printf 'make: PREFIX %s: %s\n' $(call quote,$(call raw,PREFIX)) $(1) >&2; exit 100; }
placed = case $(call quote,$(call raw,PREFIX)) in \
	/*) ;; *) $(call refuse,'needs an absolute path') ;; esac; \
	[ ! -e $(OURS)/recipes ] || $(call refuse,'share/lh-bootstrap there is a checkout')

# what an earlier version has left in the folder that is ours goes first
install: $(TOOLS)
	@($(placed); rm -rf $(OURS) && for w in $(INSTALLED); do \
		f=$${w#*:} && install -D -m $${w%%:*} "$${f%:*}" $(BELOW)"/$${f#*:}" || exit; \
	done && echo 'installed in' $(BELOW)) $(told)

uninstall:
	@($(placed); rm -rf $(OURS) && for w in $(INSTALLED); do \
		rm -f $(BELOW)"/$${w##*:}" || exit; \
	done) $(told)

# A file or folder that is here is no target, though make would say that it is up to date.  Nothing
# is done for those beside it.
NO_TARGETS := $(filter-out $(TARGETS_HERE) Makefile config.mk $(O)/% $(B)/%,$(MAKECMDGOALS))
is_what = $(if $(wildcard $(1)),: a $(if $(wildcard $(1)/.),folder,file) has that name)
ifneq ($(NO_TARGETS),)
$(filter $(TARGETS_HERE),$(MAKECMDGOALS)): | $(NO_TARGETS)
.PHONY: $(NO_TARGETS)
$(NO_TARGETS):
	+@{ printf 'make: %s: no target%s; see doc/make.md\n' $(call quote,$@) \
		$(call quote,$(call is_what,$@)) >&2; (exit 100); } $(told)
endif
