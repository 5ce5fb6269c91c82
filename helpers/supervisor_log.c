/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <syslog.h>

#include "str.h"
#include "supervisor.h"

void log_event(const struct supervisor *s, const char *event, const struct login *l,
	       const char *fmt, ...)
{
	char raw[700], text[800], user[80] = "", rhost[80] = "", service[48] = "";
	va_list ap;

	va_start(ap, fmt);
	if (str_vformat(raw, sizeof(raw), fmt, ap) < 0)
		raw[0] = '\0';
	va_end(ap);
	str_escape(text, sizeof(text), raw);
	if (l) {
		str_escape(user, sizeof(user), l->user);
		str_escape(rhost, sizeof(rhost), l->rhost);
		str_escape(service, sizeof(service), l->service);
		syslog(LOG_AUTHPRIV | LOG_INFO,
		       "event=%s user=%s uid=%u service=%s rhost=%s id=%s container=%s rule=%s %s",
		       event, user, l->uid, service, rhost, s->c.st.id, s->c.st.definition,
		       s->c.st.rule, text);
	} else {
		syslog(LOG_AUTHPRIV | LOG_INFO, "event=%s id=%s container=%s %s", event, s->c.st.id,
		       s->c.st.definition, text);
	}
}

void log_trace(const struct supervisor *s, const struct login *l, const struct policy *policy,
	       const struct match_facts *f)
{
	autostrv struct strv lines = {0};

	if (!s->opt.debug || match_trace(policy, f, &lines) < 0)
		return;
	for (size_t i = 0; i < lines.n; i++)
		log_event(s, "trace", l, "line=\"%s\"", lines.v[i]);
}
