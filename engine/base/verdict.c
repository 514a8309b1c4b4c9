#include "engine/base/verdict.h"

#include "engine/base/util.h"

const char *verdict_name(unsigned verdict)
{
	static const char *const names[VERDICTS] = {
		[VERDICT_INVALID] = "INVALID",           [VERDICT_INCOMPARABLE] = "INCOMPARABLE",
		[VERDICT_IDENTICAL] = "IDENTICAL",       [VERDICT_REGRESSED] = "REGRESSED",
		[VERDICT_IMPROVED] = "IMPROVED",         [VERDICT_OK] = "OK",
		[VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
	};
	return verdict < VERDICTS ? names[verdict] : NULL;
}

/*
 * The limits below 1 are the inverse of those above, so that exchanging the sides exchanges the
 * verdicts.
 */
enum verdict verdict_of(const struct verdict_input *input)
{
	const struct estimate *ratio = &input->ratio;
	const double above = 1 + input->tolerance;
	if (input->invalid)
		return VERDICT_INVALID;
	if (input->incomparable)
		return VERDICT_INCOMPARABLE;
	if (input->identical)
		return VERDICT_IDENTICAL;
	if (input->no_verdict || !ratio->known)
		return VERDICT_INCONCLUSIVE;
	if (ratio->lo > above)
		return VERDICT_REGRESSED;
	if (ratio->hi < 1 / above)
		return VERDICT_IMPROVED;
	return ratio->hi < 1 + input->limit ? VERDICT_OK : VERDICT_INCONCLUSIVE;
}

enum verdict verdict_of_counts(uint64_t base, uint64_t head)
{
	if (head == base)
		return VERDICT_OK;
	return head > base ? VERDICT_REGRESSED : VERDICT_IMPROVED;
}

double verdict_seen(const struct estimate *ratio, double tolerance)
{
	if (!ratio->known || !(ratio->lo > 0))
		return 0;
	return (1 + tolerance) * ratio->median / ratio->lo - 1;
}

int verdict_severity(enum verdict verdict)
{
	static const int severities[VERDICTS] = {
		[VERDICT_REGRESSED] = 0,    [VERDICT_INVALID] = 1,  [VERDICT_INCOMPARABLE] = 2,
		[VERDICT_INCONCLUSIVE] = 3, [VERDICT_IMPROVED] = 4, [VERDICT_OK] = 5,
		[VERDICT_IDENTICAL] = 6,
	};
	return severities[verdict];
}

double verdict_confidence(double family_error, size_t n)
{
	return 1 - family_error / (double)MAX(n, 1);
}
