/*
 * ninja bench-latency: what does sampling cost a pass? The cells `lstat` and `fstatat` (1 job,
 * warm), latency and throughput passes in turn, for several mean gaps between samples.
 *
 *   latency [DIR [ENTRIES]]    DIR: where the tree is made and removed again (default /dev/shm)
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/measure/pass/sampler.h"
#include "tests/bench/with_cell.h"

enum { ROUNDS = 61 };

extern const struct strategy strategy_lstat, strategy_fstatat;

static uint64_t sampled_pass(struct meter *meter, struct sampler *sampler)
{
	meter_sample(meter, sampler);
	uint64_t ns = bench_pass(meter);
	meter_sample(meter, NULL);
	return ns;
}

/* In turn, and in turn first: ABBA. */
static void compare(struct bench *bench, const struct strategy *strategy, uint32_t gap)
{
	uint64_t sampled[ROUNDS], plain[ROUNDS];
	double values[ROUNDS];
	struct estimate ratio;
	struct sampler *sampler;
	struct meter *meter = bench_cell(bench, strategy, NULL);
	if (sampler_new(&sampler, 1, gap, 1))
		bench_die("out of memory");
	bench_pass(meter);
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 2)
			sampled[i] = sampled_pass(meter, sampler);
		plain[i] = bench_pass(meter);
		if (i % 2 == 0)
			sampled[i] = sampled_pass(meter, sampler);
	}
	sampler_free(sampler);
	meter_close(meter);
	stats_ratio(sampled, plain, ROUNDS, values, &ratio);
	printf("%-10s one in %-4u sampled/plain %.4f [%.4f, %.4f]\n", strategy->name, gap,
	       ratio.median, ratio.lo, ratio.hi);
}

int main(int argc, char **argv)
{
	static const uint32_t gaps[] = {1, 4, 15, 31, 63}; /* 31: --sample */
	struct bench bench;
	bench_open(&bench, argc > 1 ? argv[1] : "/dev/shm",
		   argc > 2 ? strtoull(argv[2], NULL, 10) : 20000);
	printf("%u entries, %d rounds in turn, CPU %d, a sample of nothing takes %llu ns\n",
	       bench.load->n_entries, ROUNDS, bench.cpu, (unsigned long long)sampler_timer_ns());
	for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
		compare(&bench, &strategy_lstat, gaps[i]);
		compare(&bench, &strategy_fstatat, gaps[i]);
	}
	bench_close(&bench);
	return 0;
}
