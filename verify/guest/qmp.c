/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/qmp.h"

#include "build/base/arena.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static char *
dump(struct arena *a, const json_t *j)
{
	char *heap = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS), *s;

	s = arena_strdup(a, heap ? heap : "null");
	free(heap);
	return s;
}

static const char *
event_reason(struct arena *a, const json_t *event)
{
	const json_t *data = json_object_get(event, "data");
	const char *s = json_string_value(json_object_get(data, "reason"));

	if (!s)
		s = json_string_value(json_object_get(data, "action"));
	return s ? arena_strdup(a, s) : NULL;
}

static int
understand(struct arena *a, const json_t *j, struct qmp_message *m)
{
	const json_t *part;

	m->id = (uint64_t)json_integer_value(json_object_get(j, "id"));
	if (json_object_get(j, "QMP")) {
		m->kind = QMP_GREETING;
	} else if ((part = json_object_get(j, "return"))) {
		m->kind = QMP_RETURN;
		m->text = dump(a, part);
	} else if ((part = json_object_get(j, "error"))) {
		const char *desc = json_string_value(json_object_get(part, "desc"));

		m->kind = QMP_ERROR;
		m->text = arena_strdup(a, desc ? desc : "no description");
	} else if ((part = json_object_get(j, "event")) && json_is_string(part)) {
		m->kind = QMP_EVENT;
		m->name = arena_strdup(a, json_string_value(part));
		m->text = event_reason(a, j);
	} else {
		return -1;
	}
	return 0;
}

int
qmp_parse(struct arena *a, const char *line, size_t n, struct qmp_message *out, struct err *e)
{
	json_error_t why;
	json_t *j = json_loadb(line, n, JSON_ALLOW_NUL, &why);
	int r;

	if (!j)
		return fail(e, "QMP: column %d: %s: %.*s", why.column, why.text,
		    n > 80 ? 80 : (int)n, line);
	*out = (struct qmp_message){ 0 };
	r = understand(a, j, out);
	json_decref(j);
	return r < 0 ? fail(e, "QMP: neither answer nor event: %.*s", n > 80 ? 80 : (int)n, line)
		     : 0;
}

char *
qmp_format(struct arena *a, uint64_t id, const char *command, const char *arguments, struct err *e)
{
	json_t *j = json_object(), *args;
	json_error_t why;
	char *line;

	json_object_set_new(j, "execute", json_string(command));
	json_object_set_new(j, "id", json_integer((json_int_t)id));
	if (arguments) {
		args = json_loads(arguments, 0, &why);
		if (!args) {
			json_decref(j);
			fail(e, "QMP: arguments of %s: column %d: %s", command, why.column,
			    why.text);
			return NULL;
		}
		json_object_set_new(j, "arguments", args);
	}
	line = arena_printf(a, "%s\n", dump(a, j));
	json_decref(j);
	return line;
}

char *
qmp_hmp_arguments(struct arena *a, const char *command_line)
{
	json_t *j = json_pack("{s:s}", "command-line", command_line);
	char *s = dump(a, j);

	json_decref(j);
	return s;
}

char *
qmp_quote(struct arena *a, const char *text)
{
	json_t *j = json_string(text);
	char *s = dump(a, j);

	json_decref(j);
	return s;
}

char *
qmp_string(struct arena *a, const char *json)
{
	json_t *j = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	char *s = json_is_string(j) ? arena_strndup(a, json_string_value(j), json_string_length(j))
				    : NULL;

	json_decref(j);
	return s;
}

char *
qmp_member(struct arena *a, const char *json, const char *name)
{
	json_t *j = json_loads(json, JSON_DECODE_ANY, NULL);
	const char *s = json_string_value(json_object_get(j, name));
	char *copy = s ? arena_strdup(a, s) : NULL;

	json_decref(j);
	return copy;
}
