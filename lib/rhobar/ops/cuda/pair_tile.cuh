// Tiles of pairs of environments: what the engines of Wigner kernels share.
//
// A block holds the values of TILE_ROWS * TILE_COLUMNS pairs in shared memory, numbered "slots"
// of all pairs side by side, so that threads next to each other work on pairs next to each other
// and never meet in a bank. First come the overlaps, then a slot that holds 1, then all that is
// made from these. GROUPS threads share the work on each pair. All sums run in an order that
// depends on nothing else in the launch.
//
// Given when compiled: REAL, L_MAX, TILE_ROWS, TILE_COLUMNS, GROUPS, FIRST_RESULT, N_RESULTS,
// FIRST_SEED, N_SEEDS, N_LEVELS. Arguments are numbers and addresses of 64 bits.

using real = REAL;
using integer = long long;

constexpr int PAIRS = TILE_ROWS * TILE_COLUMNS;
constexpr int THREADS = PAIRS * GROUPS;
constexpr int N_LM = (L_MAX + 1) * (L_MAX + 1);
constexpr int N_OVERLAPS = (L_MAX + 1) * (2 * L_MAX + 1) * (2 * L_MAX + 3) / 3;
constexpr int ONE = N_OVERLAPS;
constexpr int CHANNELS = 16;  // at a time
constexpr int WIDEST = 4;     // values of m' whose sums stay in registers together
constexpr int BATCH = 4;      // terms that are read together

extern __shared__ real shared_slots[];

// One product; those of a value that share a factor follow each other, and the last one names it.
// Both places in one number, so that a term is one load of 16 bytes.
struct alignas(16) Term {
    integer places;  // other factor, and common factor or -1 in the upper half
    real coefficient;
};

// Values that follow from others, level by level.
struct Program {
    const int* level_ptr;
    const int* value_ptr;
    const int* slot;  // of each value
    const Term* terms;
};

struct Pairs {
    const real* left;   // (environment, lm, channel)
    const real* right;  // (environment, lm, channel)
    integer n_left, n_right, n_channels;
    const integer* left_group;   // not decreasing; null where all pairs are wanted,
    const integer* right_group;  // else those with left_group <= right_group
    const real* weights;         // of the right side, or null
    real* result;                // (N_RESULTS, n_left, n_right)
};

#define PAIR_ARGUMENTS                                                                        \
    const real *left, const real *right, integer n_left, integer n_right, integer n_channels, \
        const integer *left_group, const integer *right_group, const real *weights,           \
        real *result, const real *nu_weights, const int *level_ptr, const int *value_ptr,     \
        const int *slot, const Term *terms

#define PAIRS_OF_ARGUMENTS \
    {left, right, n_left, n_right, n_channels, left_group, right_group, weights, result}

__device__ inline int own_pair() { return threadIdx.x % PAIRS; }
__device__ inline int own_group() { return threadIdx.x / PAIRS; }

// No pair of the tile is wanted.
__device__ inline bool left_out(const Pairs& pairs) {
    if (pairs.left_group == nullptr) return false;
    integer last = (blockIdx.x + integer(1)) * TILE_COLUMNS - 1;
    if (last >= pairs.n_right) last = pairs.n_right - 1;
    return pairs.right_group[last] < pairs.left_group[integer(blockIdx.y) * TILE_ROWS];
}

// Some channels of N environments as (lm, channel, environment); zeros beyond the last channel.
template <int N>
__device__ void load_side(const real* values, integer n, integer first, integer n_channels,
                          integer channel, real* side) {
    for (int k = threadIdx.x; k < N * N_LM * CHANNELS; k += THREADS) {
        const int q = k % CHANNELS, lm = k / CHANNELS % N_LM, own = k / (CHANNELS * N_LM);
        const integer environment = first + own < n ? first + own : n - 1;
        side[(lm * CHANNELS + q) * N + own] =
            channel + q < n_channels
                ? values[(environment * N_LM + lm) * n_channels + channel + q]
                : real(0);
    }
}

// Add the products of some channels to the overlaps of order L and below, (l, m, m').
template <int L>
__device__ void add_overlaps(const real* rows, const real* columns, real* slots, int strip) {
    constexpr int SIZE = 2 * L + 1, STRIPS = (SIZE + WIDEST - 1) / WIDEST;
    constexpr int WIDTH = (SIZE + STRIPS - 1) / STRIPS, FIRST = L * (4 * L * L - 1) / 3;
    rows += L * L * CHANNELS * TILE_ROWS;
    columns += L * L * CHANNELS * TILE_COLUMNS;
    for (; strip < STRIPS; strip += GROUPS) {
        int other[WIDTH];
        real sums[SIZE][WIDTH];
#pragma unroll
        for (int n = 0; n < WIDTH; ++n) {
            // what is beyond the last is the last once more
            other[n] = strip * WIDTH + n < SIZE ? strip * WIDTH + n : SIZE - 1;
#pragma unroll
            for (int m = 0; m < SIZE; ++m)
                sums[m][n] = slots[(FIRST + m * SIZE + other[n]) * PAIRS];
        }
        for (int q = 0; q < CHANNELS; ++q) {
            real column[WIDTH];
#pragma unroll
            for (int n = 0; n < WIDTH; ++n)
                column[n] = columns[(other[n] * CHANNELS + q) * TILE_COLUMNS];
#pragma unroll
            for (int m = 0; m < SIZE; ++m) {
                const real row = rows[(m * CHANNELS + q) * TILE_ROWS];
#pragma unroll
                for (int n = 0; n < WIDTH; ++n) sums[m][n] += row * column[n];
            }
        }
#pragma unroll
        for (int n = 0; n < WIDTH; ++n)
#pragma unroll
            for (int m = 0; m < SIZE; ++m)
                slots[(FIRST + m * SIZE + other[n]) * PAIRS] = sums[m][n];
    }
    if constexpr (L > 0)
        add_overlaps<L - 1>(rows - L * L * CHANNELS * TILE_ROWS,
                            columns - L * L * CHANNELS * TILE_COLUMNS, slots, strip - STRIPS);
}

// Fill the slots that are given: overlaps, 1, and seeds of derivatives.
__device__ inline void fill_tile(const Pairs& pairs, const real* nu_weights, real* slots) {
    real* rows = slots + N_OVERLAPS * PAIRS;
    real* columns = rows + N_LM * CHANNELS * TILE_ROWS;
    const int pair = own_pair();
    for (int k = threadIdx.x; k < N_OVERLAPS * PAIRS; k += THREADS) slots[k] = real(0);
    for (integer channel = 0; channel < pairs.n_channels; channel += CHANNELS) {
        load_side<TILE_ROWS>(pairs.left, pairs.n_left, integer(blockIdx.y) * TILE_ROWS,
                             pairs.n_channels, channel, rows);
        load_side<TILE_COLUMNS>(pairs.right, pairs.n_right, integer(blockIdx.x) * TILE_COLUMNS,
                                pairs.n_channels, channel, columns);
        __syncthreads();
        add_overlaps<L_MAX>(rows + pair / TILE_COLUMNS, columns + pair % TILE_COLUMNS,
                            slots + pair, own_group());
        __syncthreads();
    }
    for (int k = threadIdx.x; k < PAIRS; k += THREADS) slots[ONE * PAIRS + k] = real(1);
    for (int k = threadIdx.x; k < N_SEEDS * PAIRS; k += THREADS)
        slots[FIRST_SEED * PAIRS + k] = nu_weights[k / PAIRS];
    __syncthreads();
}

// Make the values of one level from slots of earlier ones. Terms come in batches, padded by zeros,
// one of which is on its way while another one is added: without that, a block waits for memory.
__device__ inline void run_level(const Program& program, int level, real* slots) {
    real* own = slots + own_pair();
    const int stop = program.level_ptr[level + 1];
    for (int value = program.level_ptr[level] + own_group(); value < stop; value += GROUPS) {
        real total = 0, inner = 0;
        const Term* term = program.terms + program.value_ptr[value];
        const Term* end = program.terms + program.value_ptr[value + 1];
        Term next[BATCH], now[BATCH];
#pragma unroll
        for (int n = 0; n < BATCH; ++n) next[n] = term[n];
        while (term < end) {
            term += BATCH;
#pragma unroll
            for (int n = 0; n < BATCH; ++n) {
                now[n] = next[n];
                next[n] = term[n];
            }
#pragma unroll
            for (int n = 0; n < BATCH; ++n) {
                const int other = int(now[n].places), common = int(now[n].places >> 32);
                inner += now[n].coefficient * own[other * PAIRS];
                if (common >= 0) {
                    total += inner * own[common * PAIRS];
                    inner = 0;
                }
            }
        }
        own[program.slot[value] * PAIRS] = total;
    }
    __syncthreads();
}

__device__ inline void write_results(const Pairs& pairs, const real* slots) {
    const int pair = own_pair();
    const integer row = integer(blockIdx.y) * TILE_ROWS + pair / TILE_COLUMNS;
    const integer column = integer(blockIdx.x) * TILE_COLUMNS + pair % TILE_COLUMNS;
    if (row >= pairs.n_left || column >= pairs.n_right) return;
    const real weight = pairs.weights == nullptr ? real(1) : pairs.weights[column];
    for (int k = own_group(); k < N_RESULTS; k += GROUPS)
        pairs.result[(k * pairs.n_left + row) * pairs.n_right + column] =
            weight * slots[(FIRST_RESULT + k) * PAIRS + pair];
}
