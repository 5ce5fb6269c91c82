/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRIM_H
#define TRIM_H

/**
 * trim - give back the memory that only starting needed
 *
 * For processes that live as long as a container and mostly wait: free heap, stack below the
 * caller, and the pages of programs and libraries that can be read again from their files. Costs
 * some page faults the next time that there is work.
 */
void trim(void);

#endif
