// Wigner kernels of pairs of environments, and their derivatives, from products alone.
//
// Which values are made, derivatives among them, is what the program says.
#include "pair_tile.cuh"

extern "C" __global__ void __launch_bounds__(THREADS) pair_kernels(PAIR_ARGUMENTS) {
    const Pairs pairs PAIRS_OF_ARGUMENTS;
    const Program program{level_ptr, value_ptr, slot, terms};
    if (left_out(pairs)) return;
    fill_tile(pairs, nu_weights, shared_slots);
    for (int level = 0; level < N_LEVELS; ++level) run_level(program, level, shared_slots);
    write_results(pairs, shared_slots);
}
