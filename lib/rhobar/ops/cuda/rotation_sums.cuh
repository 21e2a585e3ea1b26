// Sums over the angles of a grid of rotations: what powers and their derivatives share.
//
// S(R) = sum_kk' t_k(alpha) f_kk'(beta) t_k'(gamma) with t = 1, cos, sin, cos 2, sin 2, ...; the
// even and the odd l apart, since inversion changes the sign of the latter. Angles come in pairs
// of opposite sign, for which sums over cosines and over sines serve twice.
//
// Given when compiled, beside those of pair_tile.cuh: N_EVEN, N_ODD, N_HALF, N_BETA, N_POWERS,
// FOURIER, PARTIAL. Powers below the third are left to the program.
#include "pair_tile.cuh"

constexpr int N_WAVES = N_EVEN > N_ODD ? N_EVEN : N_ODD;
constexpr int N_BOTH = N_EVEN + N_ODD;
constexpr int LOWEST_POWER = 3;

// Sums over m for one pair of angles alpha, -alpha and all m', from coefficients in slots.
template <int N>
__device__ void turn(const real* fourier, const real* waves, real* same, real* opposite) {
#pragma unroll
    for (int n = 0; n < N; ++n) {
        real cosines = fourier[n * PAIRS], sines = 0;
#pragma unroll
        for (int k = 1; k < N; ++k) {
            const real value = waves[k] * fourier[(k * N + n) * PAIRS];
            if (k % 2 == 1) cosines += value;
            else sines += value;
        }
        same[n] = cosines + sines;
        opposite[n] = cosines - sines;
    }
}

// Sums over m' for one pair of angles gamma, -gamma.
template <int N>
__device__ void sum_waves(const real* values, const real* waves, real* sums) {
    real cosines = values[0], sines = 0;
#pragma unroll
    for (int k = 1; k < N; ++k) {
        if (k % 2 == 1) cosines += waves[k] * values[k];
        else sines += waves[k] * values[k];
    }
    sums[0] = cosines + sines;
    sums[1] = cosines - sines;
}
