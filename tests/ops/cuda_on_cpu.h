// Runs CUDA kernels as plain C++: the threads of a block take turns, and change at barriers.
#include <cstdlib>
#include <ucontext.h>
#include <utility>

#define __global__
#define __device__
#define __shared__
#define __launch_bounds__(threads)

struct Place {
    unsigned x, y;
};
static Place threadIdx, blockIdx;
static ucontext_t scheduler;
static ucontext_t* running;
static void (*body)();

static void __syncthreads() { swapcontext(running, &scheduler); }

static bool done[1024];
static void run_thread() {
    body();
    done[threadIdx.x] = true;
    swapcontext(running, &scheduler);
}

// One block: each thread up to its next barrier, then all of them again, the last one first.
static void run_block(unsigned threads, ucontext_t* contexts, char* stacks, size_t stack) {
    for (unsigned t = 0; t < threads; ++t) {
        done[t] = false;
        getcontext(&contexts[t]);
        contexts[t].uc_stack.ss_sp = stacks + t * stack;
        contexts[t].uc_stack.ss_size = stack;
        makecontext(&contexts[t], run_thread, 0);
    }
    bool any = true;
    for (unsigned round = 0; any; ++round) {
        any = false;
        for (unsigned k = 0; k < threads; ++k) {
            const unsigned t = round % 2 ? threads - 1 - k : k;
            if (done[t]) continue;
            any = true;
            threadIdx.x = t;
            running = &contexts[t];
            swapcontext(&scheduler, running);
        }
    }
}

// Arguments are numbers and addresses of 64 bits, as in a launch.
template <typename... A, size_t... I>
static void call(void (*kernel)(A...), const long long* arguments, std::index_sequence<I...>) {
    kernel(((A)arguments[I])...);
}
template <typename... A>
static void call(void (*kernel)(A...), const long long* arguments) {
    call(kernel, arguments, std::index_sequence_for<A...>());
}
