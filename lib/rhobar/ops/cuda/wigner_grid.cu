// Wigner kernels of pairs of environments: the third and higher powers of their rotated overlap,
// summed over a grid of rotations.
#include "rotation_sums.cuh"

// Add the powers of the overlap at one pair of angles alpha, -alpha and all beta, gamma.
__device__ inline void add_powers(const real* fourier, const real* waves, const real* own_waves,
                                  real* sums) {
    real even[2][N_EVEN], odd[2][N_ODD];
    turn<N_EVEN>(fourier, own_waves, even[0], even[1]);
    turn<N_ODD>(fourier + N_EVEN * N_EVEN * PAIRS, own_waves, odd[0], odd[1]);
    for (int gamma = 0; gamma < N_HALF; ++gamma) {
#pragma unroll
        for (int side = 0; side < 2; ++side) {
            real e[2], o[2];
            sum_waves<N_EVEN>(even[side], waves + gamma * N_WAVES, e);
            sum_waves<N_ODD>(odd[side], waves + gamma * N_WAVES, o);
#pragma unroll
            for (int sign = 0; sign < 2; ++sign) {
                const real same = e[sign] + o[sign], inverted = e[sign] - o[sign];
                real power = same * same, other = inverted * inverted;
#pragma unroll
                for (int k = 0; k < N_POWERS; ++k) {
                    power *= same;
                    other *= inverted;
                    sums[k] += power + other;
                }
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
    pair_kernels(PAIR_ARGUMENTS, const real* waves, const real* beta_weights) {
    const Pairs pairs PAIRS_OF_ARGUMENTS;
    const Program program{level_ptr, value_ptr, slot, terms};
    if (left_out(pairs)) return;
    real* slots = shared_slots;
    fill_tile(pairs, nu_weights, slots);
    for (int level = 0; level < N_LEVELS; ++level) run_level(program, level, slots);
    real totals[N_POWERS] = {};
    for (int beta = 0; beta < N_BETA; ++beta) {
        run_level(program, N_LEVELS + beta, slots);  // Fourier coefficients
        real sums[N_POWERS] = {};
        for (int half = own_group(); half < N_HALF; half += GROUPS)
            add_powers(slots + FOURIER * PAIRS + own_pair(), waves, waves + half * N_WAVES, sums);
        for (int k = 0; k < N_POWERS; ++k) totals[k] += beta_weights[beta] * sums[k];
        __syncthreads();
    }
    for (int k = 0; k < N_POWERS; ++k)
        slots[(PARTIAL + own_group() * N_POWERS + k) * PAIRS + own_pair()] = totals[k];
    __syncthreads();
    run_level(program, N_LEVELS + N_BETA, slots);  // sums over groups
    write_results(pairs, slots);
}
