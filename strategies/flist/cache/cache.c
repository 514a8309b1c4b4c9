/*
 * A cache of metadata, by path.
 *
 * A system call takes some ten times as long as a lookup, so a hit has to be short, and no thread
 * may wait for the fetch of another path. Keys are distributed by hash over shards. A shard has its
 * own lock, index and counters; the lock is never held during a fetch.
 *
 * The first thread that gets a path adds a pending entry to the index, releases the lock, fetches,
 * and stores the result in the entry; other threads that find the entry pending wait for it. An
 * entry that is removed, replaced or cleared while it is pending is only taken out of the index:
 * threads that already wait for it get its result, later ones do not. After the fetch, the fetching
 * thread looks whether its entry is still in the index. An entry whose fetch failed is taken out
 * before another thread can find it, unless errors are kept.
 *
 * Eviction is CLOCK: a hand moves over the slots of the index, spares each entry that was hit since
 * it last passed, and evicts the first one that was not. Pending entries are neither counted nor
 * evicted.
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
	SHARDS_MAX = 64,     /* of 16 threads that only hit, 1 in 10 finds a lock taken */
	SHARD_ROOM_MIN = 64, /* in smaller ones hashes matter too much */
};

struct cache_key {
	const char *path;
	size_t len; /* bytes, without the NUL */
	unsigned flags;
};

/* Status of a pending entry: not an errno, and no value that a fetch returns. */
enum { PENDING = INT32_MIN };

/*
 * The metadata of a path and its key, in one allocation: 120 bytes and the path. It has a reference
 * count: the cache holds one reference while the entry is in its index, each user of the metadata
 * holds one, and releasing the last one frees it. So an entry that is removed or evicted stays
 * valid for its users.
 */
struct cache_entry {
	struct flist_meta meta; /* first: the callers' pointer to it is cast to the entry */
	_Atomic uint32_t refs;
	int32_t status; /* 0, -errno or PENDING; under the shard's lock */
	uint32_t flags;
	uint32_t len;
	char path[]; /* len bytes, no NUL */
};

struct slot {
	struct cache_entry *entry; /* NULL: empty */
	uint32_t hash;
	uint32_t asked_again; /* it was hit since the hand last passed */
};

/*
 * The index of one shard: a hash table with open addressing that finds an entry by path and flags.
 * It has no references and takes no lock; the shard does both.
 *
 * It uses linear probing. A slot of 16 bytes, four to a cache line, holds the hash: a lookup reads
 * one or two cache lines of slots and then only the entry that it finds. Deletion moves the
 * following entries back, so there are no tombstones, and a table with many insertions and
 * deletions stays as fast as a new one. While a table grows, between 3/8 and 3/4 of its slots are
 * in use: 21 to 43 bytes per entry.
 */
struct cache_index {
	struct slot *slots;
	uint32_t mask; /* number of slots - 1 */
	uint32_t used;
};

/*
 * The members that a hit accesses come first: with glibc on a 64-bit machine they fill exactly one
 * cache line.
 */
struct shard {
	pthread_mutex_t lock;
	struct cache_index table;
	uint64_t hits;
	uint64_t misses;
	size_t length; /* entries in the index that are not pending */
	size_t capacity;
	uint32_t hand;            /* slot at which the next search for an entry to evict begins */
	pthread_cond_t published; /* an entry is no longer pending */
} __attribute__((aligned(LINE)));

struct flist_cache {
	uint64_t seed; /* random, so that colliding paths cannot be constructed */
	struct flist_fetcher asker;
	bool keep_errors;
	uint32_t n_shards; /* a power of two */
	struct shard shards[];
};

/* A key, and where its entry belongs. */
struct lookup {
	struct cache_key key;
	struct shard *shard;
	uint32_t hash; /* the half that the shard's index uses; the other half selects the shard */
};

/* ---- Entries --------------------------------------------------------------------------------- */

static void entry_ref(struct cache_entry *entry)
{
	atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
}

static bool entry_is(const struct cache_entry *entry, const struct cache_key *key)
{
	return entry->len == key->len && entry->flags == key->flags &&
	       !memcmp(entry->path, key->path, key->len);
}

/* Makes a pending entry with one reference. NULL: out of memory. */
static struct cache_entry *entry_new(const struct cache_key *key)
{
	struct cache_entry *entry;
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

static void entry_unref(struct cache_entry *entry)
{
	/*
	 * Release: this thread's reads are complete. Acquire: so are those of all others, before it
	 * is freed.
	 */
	if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) == 1)
		free(entry);
}

const struct flist_meta *flist_meta_ref(const struct flist_meta *meta)
{
	entry_ref((struct cache_entry *)meta);
	return meta;
}

void flist_meta_unref(const struct flist_meta *meta)
{
	if (meta)
		entry_unref((struct cache_entry *)meta);
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

/* Adds an entry that is not in the table. table_reserve has made room for it. */
static void table_add(struct cache_index *table, struct cache_entry *entry, uint32_t hash)
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
 * Uses memset instead of calloc. In fresh memory from calloc a slot would be read before it is
 * written, so each page would fault twice, the second time with an interrupt to every CPU that runs
 * the program.
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

/* Moves other entries, so pointers to slots become invalid. */
static void table_delete(struct cache_index *table, struct slot *slot)
{
	struct slot *slots = table->slots;
	uint32_t mask = table->mask, hole = (uint32_t)(slot - slots);
	for (uint32_t i = (hole + 1) & mask; slots[i].entry; i = (i + 1) & mask) {
		/* An entry that follows may fill the hole unless that is before its home slot. */
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

/* The flags are part of the key and change the hash, too. */
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

/* Removes an entry from the index; its users keep their references. */
static void forget(struct shard *shard, struct slot *slot)
{
	struct cache_entry *entry = slot->entry;
	shard->length -= entry->status != PENDING;
	table_delete(&shard->table, slot);
	entry_unref(entry);
}

/* Evicts an entry other than the newcomer. There is one, since length > capacity >= 1. */
static void evict(struct shard *shard, const struct cache_entry *newcomer)
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

/*
 * Counts an entry of the index that is no longer pending, and evicts another if there are too many.
 */
static void admit(struct shard *shard, const struct cache_entry *entry)
{
	if (++shard->length > shard->capacity)
		evict(shard, entry);
}

/* Adds a pending entry to the index, which has its reference. NULL: out of memory. */
static struct cache_entry *add(const struct lookup *l)
{
	struct cache_entry *entry;
	if (table_reserve(&l->shard->table))
		return NULL;
	entry = entry_new(&l->key);
	if (entry)
		table_add(&l->shard->table, entry, l->hash);
	return entry;
}

/*
 * Returns the result of an entry with the caller's own reference, which is released if the result
 * is an error. The lock is held.
 */
static int hand_out(struct cache_entry *entry, const struct flist_meta **meta)
{
	int status = entry->status;
	if (status)
		entry_unref(entry);
	else
		*meta = &entry->meta;
	return status;
}

static void publish(const struct lookup *l, struct cache_entry *entry, int status, bool keep)
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
	struct cache_entry *entry = add(l);
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
	struct cache_entry *entry = slot->entry;
	if (!slot->asked_again) /* no needless write to a cache line that other CPUs read */
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
	struct cache_entry *entry;
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

/*
 * The sums are taken one after the other, so the rate may be slightly wrong if other threads use
 * the cache.
 */
double flist_cache_hit_rate(struct flist_cache *cache)
{
	uint64_t hits = flist_cache_hits(cache), misses = flist_cache_misses(cache);
	return hits ? (double)hits / (double)(hits + misses) : 0;
}
