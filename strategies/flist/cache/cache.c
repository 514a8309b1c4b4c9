/*
 * The stat cache.
 *
 * A system call takes some ten times as long as a lookup, so a hit has to be short, and no thread
 * may wait for another path. Keys are spread by hash over shards that share nothing: each has a
 * lock, an index and counters of its own, and the lock is never held during a fetch.
 *
 * The first thread that asks for a path puts a pending entry into the index, releases the lock,
 * fetches, and publishes the answer; other threads that find the entry pending wait for it. An
 * entry that is removed, replaced or cleared while it is pending only leaves the index: threads
 * that already wait get its answer, later ones do not, and the fetching thread notices when it does
 * not find its entry in the index. A failure leaves the index in the same way, before another
 * thread can find it.
 *
 * Eviction is CLOCK: a hand goes round the index, spares what was asked for again since it last
 * came by, and takes the first that was not. Pending entries are not counted and not taken.
 */
#include "strategies/flist/cache/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "strategies/flist/flist.h"
#include "strategies/flist/threads.h"

/* Header only, so that nothing needs to be linked. */
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	LINE = 64,
	SLOTS_MIN = 16,
	SHARDS_MAX = 64,     /* 16 threads that only hit find a lock taken one time in ten */
	SHARD_ROOM_MIN = 64, /* in smaller shards chance would decide too much of what is kept */
};

struct cache_key {
	const char *path;
	size_t len; /* bytes, without the NUL */
	unsigned flags;
};

/* No errno and nothing that a fetch returns. */
enum { PENDING = INT32_MIN };

/*
 * An answer with the question it belongs to, in one allocation: 120 bytes and the path. It is
 * reference-counted: the cache holds one reference while the entry is in its index, every user of
 * the metadata holds one, and the last one to be released frees it. So an entry that is removed or
 * evicted stays valid for its users.
 */
struct entry {
	struct flist_meta meta; /* first: the pointer that callers hold is the entry's */
	_Atomic uint32_t refs;
	int32_t status; /* 0, -errno or PENDING; under the shard's lock */
	uint32_t flags;
	uint32_t len;
	char path[]; /* len bytes, no NUL */
};

struct slot {
	struct entry *entry; /* NULL: empty */
	uint32_t hash;
	uint32_t asked_again; /* since the hand last came by */
};

/*
 * The index of one shard: a hash table with open addressing that finds an entry by path and flags.
 * It owns no entry and takes no lock; the shard does both.
 *
 * Linear probing over 16-byte slots, four to a cache line, that hold the hash: a lookup touches one
 * or two lines of slots and then only the entry it wants. Deletion shifts the followers back, so
 * there are no tombstones and a table that is full of turnover stays as fast as a new one. Between
 * 3/8 and 3/4 of the slots are in use while a table grows: 21 to 43 bytes per entry.
 */
struct cache_index {
	struct slot *slots;
	uint32_t mask; /* number of slots - 1 */
	uint32_t used;
};

/* What a hit touches comes first: with glibc on a 64-bit machine exactly one cache line. */
struct shard {
	pthread_mutex_t lock;
	struct cache_index table;
	uint64_t hits;
	uint64_t misses;
	size_t length; /* entries in the index that are not pending */
	size_t capacity;
	uint32_t hand;            /* slot at which the search for an entry to evict continues */
	pthread_cond_t published; /* some entry is not pending any more */
} __attribute__((aligned(LINE)));

struct flist_cache {
	uint64_t seed; /* random, so that paths that collide cannot be constructed */
	struct flist_fetcher asker;
	bool keep_errors;
	uint32_t n_shards; /* a power of two */
	struct shard shards[];
};

/* A key on its way through the cache. */
struct lookup {
	struct cache_key key;
	struct shard *shard;
	uint32_t hash; /* the half that the shard's index uses; the other half chose the shard */
};

/* ---- Entries --------------------------------------------------------------------------------- */

static void entry_ref(struct entry *entry)
{
	atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
}

static bool entry_is(const struct entry *entry, const struct cache_key *key)
{
	return entry->len == key->len && entry->flags == key->flags &&
	       !memcmp(entry->path, key->path, key->len);
}

/* With one reference, pending; NULL: out of memory. */
static struct entry *entry_new(const struct cache_key *key)
{
	struct entry *entry;
	if (key->len > UINT32_MAX)
		return NULL;
	entry = malloc(sizeof(*entry) + key->len);
	if (!entry)
		return NULL;
	atomic_init(&entry->refs, 1);
	entry->status = PENDING;
	entry->flags = key->flags;
	entry->len = (uint32_t)key->len;
	memcpy(entry->path, key->path, key->len);
	return entry;
}

static void entry_unref(struct entry *entry)
{
	/* Release what this thread read from the entry, acquire before it is given back. */
	if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) == 1)
		free(entry);
}

const struct flist_meta *flist_meta_ref(const struct flist_meta *meta)
{
	entry_ref((struct entry *)meta);
	return meta;
}

void flist_meta_unref(const struct flist_meta *meta)
{
	if (meta)
		entry_unref((struct entry *)meta);
}

/* ---- A shard's index ------------------------------------------------------------------------- */

static struct slot *table_find(const struct cache_index *table, const struct cache_key *key,
			       uint32_t hash)
{
	for (uint32_t i = hash & table->mask; table->slots[i].entry; i = (i + 1) & table->mask) {
		struct slot *slot = &table->slots[i];
		if (slot->hash == hash && entry_is(slot->entry, key))
			return slot;
	}
	return NULL;
}

/* Adds an entry that is not there, after a table_reserve. */
static void table_add(struct cache_index *table, struct entry *entry, uint32_t hash)
{
	uint32_t i = hash & table->mask;
	while (table->slots[i].entry)
		i = (i + 1) & table->mask;
	table->slots[i] = (struct slot){.entry = entry, .hash = hash};
	table->used++;
}

/* Empties the table and keeps its slots. */
static void table_clear(struct cache_index *table)
{
	memset(table->slots, 0, (table->mask + (size_t)1) * sizeof(*table->slots));
	table->used = 0;
}

/*
 * Not calloc: in memory that is fresh a slot would be looked at before it is written to, and so
 * each page fault twice, the second time with an interrupt to every CPU that runs the program.
 */
static int resize(struct cache_index *table, uint32_t n)
{
	struct cache_index old = *table;
	struct slot *slots = aligned_alloc(LINE, n * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	*table = (struct cache_index){.slots = slots, .mask = n - 1};
	table_clear(table);
	for (uint32_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].entry)
			table_add(table, old.slots[i].entry, old.slots[i].hash);
	free(old.slots);
	return 0;
}

static int table_init(struct cache_index *table)
{
	*table = (struct cache_index){0};
	return resize(table, SLOTS_MIN);
}

static void table_release(struct cache_index *table)
{
	free(table->slots);
	table->slots = NULL;
}

/* Makes room for one more entry. 0, or -ENOMEM with the table as it was. */
static int table_reserve(struct cache_index *table)
{
	uint32_t n = table->mask + 1;
	if (table->used < n - n / 4)
		return 0;
	return n > UINT32_MAX / 4 ? -ENOMEM : resize(table, n * 2);
}

/* Moves other slots: pointers to slots are stale after this. */
static void table_delete(struct cache_index *table, struct slot *slot)
{
	struct slot *slots = table->slots;
	uint32_t mask = table->mask, hole = (uint32_t)(slot - slots);
	for (uint32_t i = (hole + 1) & mask; slots[i].entry; i = (i + 1) & mask) {
		/* A follower may fill the hole unless that puts it before its own first choice. */
		uint32_t from_home = (i - slots[i].hash) & mask, from_hole = (i - hole) & mask;
		if (from_home >= from_hole) {
			slots[hole] = slots[i];
			hole = i;
		}
	}
	slots[hole] = (struct slot){0};
	table->used--;
}

/* ---- The cache ------------------------------------------------------------------------------- */

/* A path with other flags is another key, and should not land in the same place. */
static uint64_t hash_of(const struct cache_key *key, uint64_t seed)
{
	return XXH3_64bits_withSeed(key->path, key->len, seed ^ key->flags);
}

static int fetch_stat(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	(void)arg;
	return flist_stat(path, flags, meta);
}

static uint64_t random_seed(const void *address)
{
	struct timespec now = {0};
	uint64_t seed;
#ifndef FLIST_PORTABLE
	if (getentropy(&seed, sizeof(seed)) == 0)
		return seed;
#endif
	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 16;
	return seed ^ (uintptr_t)address;
}

static uint32_t choose_shards(size_t capacity)
{
	uint32_t n = SHARDS_MAX;
	while (capacity && n > 1 && capacity / n < SHARD_ROOM_MIN)
		n /= 2;
	return n;
}

static int shard_init(struct shard *shard, size_t capacity)
{
	shard->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	shard->published = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	shard->capacity = capacity;
	return table_init(&shard->table);
}

int flist_cache_new(struct flist_cache **cache, const struct flist_cache_options *options)
{
	const struct flist_cache_options none = {0}, *o = options ? options : &none;
	const uint32_t n = choose_shards(o->capacity);
	const size_t size = sizeof(struct flist_cache) + n * sizeof(struct shard);
	struct flist_cache *c;

	*cache = NULL;
	if (!flist_is_known(o))
		return -EINVAL;
	c = aligned_alloc(LINE, size);
	if (!c)
		return -ENOMEM;
	memset(c, 0, size);
	c->seed = random_seed(c);
	c->asker = (struct flist_fetcher){.fetch = o->fetch, .arg = o->arg};
	c->keep_errors = o->keep_errors;
	for (uint32_t i = 0; i < n; i++) {
		size_t share = o->capacity / n + (i < o->capacity % n);
		int ret = shard_init(&c->shards[i], o->capacity ? share : SIZE_MAX);
		if (ret) {
			flist_cache_free(c);
			return ret;
		}
		c->n_shards = i + 1;
	}
	*cache = c;
	return 0;
}

static void shard_clear(struct shard *shard)
{
	struct cache_index *table = &shard->table;
	for (size_t i = 0; i <= table->mask; i++)
		if (table->slots[i].entry)
			entry_unref(table->slots[i].entry);
	table_clear(table);
	shard->length = 0;
	shard->hits = shard->misses = 0;
}

void flist_cache_free(struct flist_cache *cache)
{
	if (!cache)
		return;
	for (uint32_t i = 0; i < cache->n_shards; i++) {
		struct shard *shard = &cache->shards[i];
		shard_clear(shard);
		table_release(&shard->table);
		pthread_mutex_destroy(&shard->lock);
		pthread_cond_destroy(&shard->published);
	}
	free(cache);
}

static int begin(struct lookup *l, struct flist_cache *cache, const char *path, unsigned flags)
{
	uint64_t hash;
	if (flags & ~(unsigned)FLIST_FOLLOW)
		return -EINVAL;
	l->key = (struct cache_key){.path = path, .len = strlen(path), .flags = flags};
	hash = hash_of(&l->key, cache->seed);
	l->hash = (uint32_t)hash;
	l->shard = &cache->shards[(hash >> 32) & (cache->n_shards - 1)];
	pthread_mutex_lock(&l->shard->lock);
	return 0;
}

static void end(const struct lookup *l)
{
	pthread_mutex_unlock(&l->shard->lock);
}

static struct slot *find(const struct lookup *l)
{
	return table_find(&l->shard->table, &l->key, l->hash);
}

/* Takes an entry out of the index; its users keep their references. */
static void forget(struct shard *shard, struct slot *slot)
{
	struct entry *entry = slot->entry;
	shard->length -= entry->status != PENDING;
	table_delete(&shard->table, slot);
	entry_unref(entry);
}

/* Makes room for the newcomer; there is another entry that can go, for length > capacity >= 1. */
static void evict(struct shard *shard, const struct entry *newcomer)
{
	struct cache_index *table = &shard->table;
	for (;; shard->hand++) {
		struct slot *slot = &table->slots[shard->hand & table->mask];
		if (!slot->entry || slot->entry == newcomer || slot->entry->status == PENDING)
			continue;
		if (!slot->asked_again) {
			forget(shard, slot);
			return;
		}
		slot->asked_again = 0;
	}
}

/* An entry in the index has its answer: from now on it counts. */
static void admit(struct shard *shard, const struct entry *entry)
{
	if (++shard->length > shard->capacity)
		evict(shard, entry);
}

/* Adds a pending entry to the index, which takes over the reference. NULL: out of memory. */
static struct entry *add(const struct lookup *l)
{
	struct entry *entry;
	if (table_reserve(&l->shard->table))
		return NULL;
	entry = entry_new(&l->key);
	if (entry)
		table_add(&l->shard->table, entry, l->hash);
	return entry;
}

/* Gives the caller the answer with the caller's own reference; the lock is held. */
static int hand_out(struct entry *entry, const struct flist_meta **meta)
{
	int status = entry->status;
	if (status)
		entry_unref(entry);
	else
		*meta = &entry->meta;
	return status;
}

static void publish(const struct lookup *l, struct entry *entry, int status, bool keep)
{
	struct slot *slot = find(l);
	bool listed = slot && slot->entry == entry;
	if (listed && !keep)
		forget(l->shard, slot);
	entry->status = status;
	if (listed && keep)
		admit(l->shard, entry);
	pthread_cond_broadcast(&l->shard->published);
}

/* The lock is held, but not during the fetch. */
static int fetch(struct flist_cache *cache, const struct lookup *l,
		 const struct flist_fetcher *asker, const struct flist_meta **meta)
{
	struct entry *entry = add(l);
	int status;
	if (!entry)
		return -ENOMEM;
	entry_ref(entry);
	l->shard->misses++;
	pthread_mutex_unlock(&l->shard->lock);
	status = asker->fetch(asker->arg, l->key.path, l->key.flags, &entry->meta);
	pthread_mutex_lock(&l->shard->lock);
	publish(l, entry, status, !status || cache->keep_errors);
	return hand_out(entry, meta);
}

/* The lock is held, but not while waiting. */
static int share(const struct lookup *l, struct slot *slot, const struct flist_meta **meta)
{
	struct entry *entry = slot->entry;
	if (!slot->asked_again) /* do not write to a line that other cores read */
		slot->asked_again = 1;
	l->shard->hits++;
	entry_ref(entry);
	while (entry->status == PENDING)
		pthread_cond_wait(&l->shard->published, &l->shard->lock);
	return hand_out(entry, meta);
}

int flist_cache_get_by(struct flist_cache *cache, const char *path, unsigned flags,
		       const struct flist_fetcher *asker, const struct flist_meta **meta)
{
	struct lookup l;
	struct slot *slot;
	int ret = begin(&l, cache, path, flags);
	*meta = NULL;
	if (ret)
		return ret;
	slot = find(&l);
	if (cache->asker.fetch)
		asker = &cache->asker;
	ret = slot ? share(&l, slot, meta) : fetch(cache, &l, asker, meta);
	end(&l);
	return ret;
}

int flist_cache_get(struct flist_cache *cache, const char *path, unsigned flags,
		    const struct flist_meta **meta)
{
	static const struct flist_fetcher stat_asker = {.fetch = fetch_stat};
	return flist_cache_get_by(cache, path, flags, &stat_asker, meta);
}

int flist_cache_peek(struct flist_cache *cache, const char *path, unsigned flags,
		     const struct flist_meta **meta)
{
	struct lookup l;
	struct slot *slot;
	int ret = begin(&l, cache, path, flags);
	*meta = NULL;
	if (ret)
		return ret;
	slot = find(&l);
	if (slot && slot->entry->status != PENDING) {
		entry_ref(slot->entry);
		ret = hand_out(slot->entry, meta);
	} else {
		ret = -ENODATA;
	}
	end(&l);
	return ret;
}

int flist_cache_insert(struct flist_cache *cache, const char *path, unsigned flags,
		       const struct flist_meta *meta)
{
	struct lookup l;
	struct slot *slot;
	struct entry *entry;
	int ret = begin(&l, cache, path, flags);
	if (ret)
		return ret;
	ret = -ENOMEM;
	entry = entry_new(&l.key);
	if (!entry || table_reserve(&l.shard->table))
		goto out;
	entry->meta = *meta;
	entry->status = 0;
	slot = find(&l);
	if (slot)
		forget(l.shard, slot);
	table_add(&l.shard->table, entry, l.hash);
	admit(l.shard, entry);
	entry = NULL;
	ret = 0;
out:
	end(&l);
	if (entry)
		entry_unref(entry);
	return ret;
}

void flist_cache_remove(struct flist_cache *cache, const char *path, unsigned flags)
{
	struct lookup l;
	struct slot *slot;
	if (begin(&l, cache, path, flags))
		return;
	slot = find(&l);
	if (slot)
		forget(l.shard, slot);
	end(&l);
}

void flist_cache_clear(struct flist_cache *cache)
{
	for (uint32_t i = 0; i < cache->n_shards; i++) {
		struct shard *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		shard_clear(shard);
		pthread_mutex_unlock(&shard->lock);
	}
}

/* The sum of one counter over all shards, each read under its lock. */
static uint64_t sum(struct flist_cache *cache, uint64_t (*count)(const struct shard *shard))
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < cache->n_shards; i++) {
		struct shard *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		total += count(shard);
		pthread_mutex_unlock(&shard->lock);
	}
	return total;
}

static uint64_t length_of(const struct shard *shard)
{
	return shard->length;
}

static uint64_t hits_of(const struct shard *shard)
{
	return shard->hits;
}

static uint64_t misses_of(const struct shard *shard)
{
	return shard->misses;
}

size_t flist_cache_length(struct flist_cache *cache)
{
	return (size_t)sum(cache, length_of);
}

uint64_t flist_cache_hits(struct flist_cache *cache)
{
	return sum(cache, hits_of);
}

uint64_t flist_cache_misses(struct flist_cache *cache)
{
	return sum(cache, misses_of);
}

/* From sums taken one after the other, so in a cache that is in use it may be a little off. */
double flist_cache_hit_rate(struct flist_cache *cache)
{
	uint64_t hits = flist_cache_hits(cache), misses = flist_cache_misses(cache);
	return hits ? (double)hits / (double)(hits + misses) : 0;
}
