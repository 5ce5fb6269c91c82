/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replay.h"

#include <stdbool.h>
#include <string.h>

/* ECMA-48 and xterm's control sequences (ctlseqs): the ones that are answered. */

enum { GROUND, ESCAPE, CSI, OSC, OSC_ESCAPE, DCS, DCS_ESCAPE };
enum { ENQ = 5, BEL = 7, CAN = 24, SUB = 26, ESC = 27 };

/* Parameters and intermediates stand between "ESC [" and the final byte. */
static bool is_question(const struct replay *r)
{
	const char *p = r->held + 2;
	size_t n = r->n - 3;
	bool private = n > 0 && *p == '?';

	switch (r->held[r->n - 1]) {
	case 'c': /* device attributes */
	case 'n': /* status, cursor position */
	case 'x': /* terminal parameters */
		return true;
	case 'p': /* modes */
		return memchr(p, '$', n);
	case 'q': /* version */
		return n > 0 && *p == '>';
	case 'u': /* keyboard protocol */
	case 'm': /* modifier keys */
	case 'S': /* graphics */
		return private;
	case 't': /* size, position and title of the window are from 11 to 21 */
		return n >= 2 && (*p == '1' || *p == '2') && p[1] >= '0' && p[1] <= '9' &&
		       memcmp(p, "22", 2) != 0 && memcmp(p, "23", 2) != 0;
	default:
		return false;
	}
}

static size_t give(struct replay *r, char *dst, int state)
{
	size_t n = r->n;

	memcpy(dst, r->held, n);
	r->n = 0;
	r->state = state;
	return n;
}

static size_t drop(struct replay *r)
{
	r->n = 0;
	r->state = GROUND;
	return 0;
}

static void hold(struct replay *r, char c)
{
	r->held[r->n++] = c;
}

/* After ESC: which kind of sequence. */
static size_t begin(struct replay *r, char c, char *dst)
{
	hold(r, c);
	if (c == '[')
		r->state = CSI;
	else if (c == ']')
		r->state = OSC;
	else if (c == 'P')
		r->state = DCS;
	else
		return c == 'Z' ? drop(r) : give(r, dst, GROUND);
	return 0;
}

static size_t in_csi(struct replay *r, char c, char *dst)
{
	hold(r, c);
	if (c >= 0x40 && c <= 0x7e)
		return is_question(r) ? drop(r) : give(r, dst, GROUND);
	return c < 0x20 || r->n == REPLAY_HELD - 1 ? give(r, dst, c == ESC ? ESCAPE : GROUND) : 0;
}

/* Ends with BEL, or with ESC and a backslash. "?" as a value asks for what is set. */
static size_t in_osc(struct replay *r, char c, char *dst)
{
	bool over = c == BEL || (r->state == OSC_ESCAPE && c == '\\');

	hold(r, c);
	r->state = c == ESC ? OSC_ESCAPE : OSC;
	if (over && memmem(r->held, r->n, ";?", 2))
		return drop(r);
	return over || c == CAN || c == SUB || r->n == REPLAY_HELD - 1 ? give(r, dst, GROUND) : 0;
}

/* None is needed to paint a screen of text, and most are questions. */
static size_t in_dcs(struct replay *r, char c)
{
	if ((r->state == DCS_ESCAPE && c == '\\') || c == CAN || c == SUB)
		return drop(r);
	r->state = c == ESC ? DCS_ESCAPE : DCS;
	return 0;
}

static size_t one(struct replay *r, char c, char *dst)
{
	switch (r->state) {
	case ESCAPE:
		return begin(r, c, dst);
	case CSI:
		return in_csi(r, c, dst);
	case OSC:
	case OSC_ESCAPE:
		return in_osc(r, c, dst);
	case DCS:
	case DCS_ESCAPE:
		return in_dcs(r, c);
	default:
		break;
	}
	if (c == ESC) {
		hold(r, c);
		r->state = ESCAPE;
		return 0;
	}
	*dst = c;
	return c != ENQ;
}

size_t replay_filter(struct replay *r, const char *src, size_t n, char *dst)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += one(r, src[i], dst + len);
	return len;
}
