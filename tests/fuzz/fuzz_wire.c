/* SPDX-License-Identifier: MIT */

/*
 * Any bytes from the other end, in pieces of a size the first byte gives. What
 * must hold: nothing but messages or a refusal, and what was read can be
 * written and read again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void written_again_it_reads_the_same(const struct wire_message *m)
{
	struct secret frame = { 0 };
	struct wire_reader r = { 0 };
	static struct wire_message again;
	bool ok = true, got;

	check(secret_init(&frame, WIRE_MAX, NULL) && wire_reader_init(&r, NULL));
	switch (m->type) {
	case WIRE_CHECK:
		ok = wire_put_check(&frame, &m->check, NULL);
		break;
	case WIRE_RESULT:
		ok = wire_put_result(&frame, m->id, &m->result, NULL);
		break;
	case WIRE_STAGE:
		ok = wire_put_stage(&frame, m->id, m->stage, NULL);
		break;
	case WIRE_EXCHANGE:
		ok = wire_put_exchange(&frame, &m->exchange, NULL);
		break;
	case WIRE_PART:
		ok = wire_put_part(&frame, m->id, m->part.status, m->part.bytes.bytes,
			m->part.bytes.len, NULL);
		break;
	case WIRE_EXCHANGED:
		ok = wire_put_exchanged(&frame, &m->exchanged, NULL);
		break;
	}
	check(ok && wire_feed(&r, frame.bytes, frame.len, NULL));
	check(wire_take(&r, &again, &got, NULL) && got);
	check(again.type == m->type && again.id == m->id);
	check(secret_equal(&again.check.key, &m->check.key));
	check(secret_equal(&again.exchange.key, &m->exchange.key));
	check(secret_equal(&again.part.bytes, &m->part.bytes));
	wire_message_release(&again);
	wire_reader_release(&r);
	secret_release(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_reader r = { 0 };
	static struct wire_message m;
	size_t step;

	if (!size || !crypto_start(NULL))
		return 0;
	step = (size_t)data[0] + 1;
	data++;
	size--;
	check(wire_reader_init(&r, NULL));
	for (size_t at = 0; at < size; at += step) {
		bool got = true,
		     ok = wire_feed(&r, data + at, step < size - at ? step : size - at, NULL);

		while (ok && got) {
			ok = wire_take(&r, &m, &got, NULL);
			if (ok && got)
				written_again_it_reads_the_same(&m);
			wire_message_release(&m);
		}
		if (!ok)
			break;
	}
	wire_reader_release(&r);
	return 0;
}
