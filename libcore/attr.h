/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ATTR_H
#define ATTR_H

/* Compiler attributes. Layer 0; together with sys.h the only place for #ifdef. */

#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_NONNULL(...)      __attribute__((nonnull(__VA_ARGS__)))
#define ATTR_WARN_UNUSED       __attribute__((warn_unused_result))
#define ATTR_NORETURN	       __attribute__((noreturn))
#define ATTR_UNUSED	       __attribute__((unused))
#define ATTR_PURE	       __attribute__((pure))
#define ATTR_CONST	       __attribute__((const))
#define ATTR_NO_ASAN	       __attribute__((no_sanitize("address")))
#define ATTR_PUBLIC	       __attribute__((visibility("default")))

#define ARRAY_SIZE(a)	       (sizeof(a) / sizeof((a)[0]))

#endif
