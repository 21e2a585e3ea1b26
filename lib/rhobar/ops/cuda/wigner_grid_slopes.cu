// A polynomial F of the rotated overlap of pairs of environments, from the third power on, summed
// over a grid of rotations, and its derivatives by the overlaps.
//
// Given when compiled, beside those of rotation_sums.cuh: TURNED, where derivatives by the sums
// over m are kept, (angle, sum and difference of both signs, m').
#include "rotation_sums.cuh"

// Add F(x) to the total; F'(x).
__device__ inline real polynomial(real x, const real* factors, real& total) {
    real value = factors[N_POWERS - 1];
    real slope = (N_POWERS + LOWEST_POWER - 1) * factors[N_POWERS - 1];
#pragma unroll
    for (int k = N_POWERS - 2; k >= 0; --k) {
        value = value * x + factors[k];
        slope = slope * x + (k + LOWEST_POWER) * factors[k];
    }
    total += value * x * x * x;
    return slope * x * x;
}

// Reverse of sum_waves, added.
template <int N>
__device__ void add_reversed(const real* by_sums, const real* waves, real* by_values) {
    const real both = by_sums[0] + by_sums[1], difference = by_sums[0] - by_sums[1];
    by_values[0] += both;
#pragma unroll
    for (int k = 1; k < N; ++k) by_values[k] += waves[k] * (k % 2 == 1 ? both : difference);
}

// The sum of F at one pair of angles alpha, -alpha; derivatives by the sums over m in slots.
__device__ inline real add_slopes(const real* fourier, const real* waves, const real* own_waves,
                                  const real* factors, real weight, real* turned) {
    real even[2][N_EVEN], odd[2][N_ODD], by_even[2][N_EVEN] = {}, by_odd[2][N_ODD] = {};
    real total = 0;
    turn<N_EVEN>(fourier, own_waves, even[0], even[1]);
    turn<N_ODD>(fourier + N_EVEN * N_EVEN * PAIRS, own_waves, odd[0], odd[1]);
    for (int gamma = 0; gamma < N_HALF; ++gamma) {
        const real* at = waves + gamma * N_WAVES;
#pragma unroll
        for (int side = 0; side < 2; ++side) {
            real e[2], o[2], by_e[2], by_o[2];
            sum_waves<N_EVEN>(even[side], at, e);
            sum_waves<N_ODD>(odd[side], at, o);
#pragma unroll
            for (int sign = 0; sign < 2; ++sign) {
                const real same = polynomial(e[sign] + o[sign], factors, total);
                const real inverted = polynomial(e[sign] - o[sign], factors, total);
                by_e[sign] = same + inverted;
                by_o[sign] = same - inverted;
            }
            add_reversed<N_EVEN>(by_e, at, by_even[side]);
            add_reversed<N_ODD>(by_o, at, by_odd[side]);
        }
    }
#pragma unroll
    for (int n = 0; n < N_EVEN; ++n) {
        turned[n * PAIRS] = weight * (by_even[0][n] + by_even[1][n]);
        turned[(N_BOTH + n) * PAIRS] = weight * (by_even[0][n] - by_even[1][n]);
    }
#pragma unroll
    for (int n = 0; n < N_ODD; ++n) {
        turned[(N_EVEN + n) * PAIRS] = weight * (by_odd[0][n] + by_odd[1][n]);
        turned[(N_BOTH + N_EVEN + n) * PAIRS] = weight * (by_odd[0][n] - by_odd[1][n]);
    }
    return weight * total;
}

extern "C" __global__ void __launch_bounds__(THREADS)
    pair_kernels(PAIR_ARGUMENTS, const real* waves, const real* beta_weights) {
    const Pairs pairs PAIRS_OF_ARGUMENTS;
    const Program program{level_ptr, value_ptr, slot, terms};
    if (left_out(pairs)) return;
    real *slots = shared_slots, *own = shared_slots + own_pair();
    fill_tile(pairs, nu_weights, slots);
    for (int level = 0; level < N_LEVELS; ++level) run_level(program, level, slots);
    real factors[N_POWERS], total = 0;
    for (int k = 0; k < N_POWERS; ++k) factors[k] = nu_weights[k + LOWEST_POWER - 1];
    for (int beta = 0; beta < N_BETA; ++beta) {
        run_level(program, N_LEVELS + 2 * beta, slots);  // Fourier coefficients
        for (int half = own_group(); half < N_HALF; half += GROUPS)
            total += add_slopes(own + FOURIER * PAIRS, waves, waves + half * N_WAVES, factors,
                                beta_weights[beta], own + (TURNED + 2 * half * N_BOTH) * PAIRS);
        __syncthreads();
        run_level(program, N_LEVELS + 2 * N_BETA, slots);     // derivatives by the coefficients
        run_level(program, N_LEVELS + 2 * beta + 1, slots);  // added to those by overlaps
    }
    own[(PARTIAL + own_group()) * PAIRS] = total;
    __syncthreads();
    run_level(program, N_LEVELS + 2 * N_BETA + 1, slots);  // sum over groups
    write_results(pairs, slots);
}
