// Sums of values of pairs over the environments of each pair of groups.
//
// Given when compiled: REAL, N_RESULTS, THREADS, SYMMETRIC.

using real = REAL;
using integer = long long;

// Values (N_RESULTS, n_left, n_right) of the environments from number `first` on of the left side
// are added to sums (n_rows, n_columns, N_RESULTS): first over the right side, in order, then one
// left environment after the other, so that a sum does not depend on how these came in portions.
extern "C" __global__ void __launch_bounds__(THREADS)
    sum_groups(const real* values, integer first, integer n_left, integer n_right,
               const integer* row_ptr, const integer* column_ptr, integer n_rows,
               integer n_columns, real* sums) {
    const integer place = integer(blockIdx.x) * THREADS + threadIdx.x;
    if (place >= n_rows * n_columns) return;
    const integer row = place / n_columns, column = place % n_columns;
    if (SYMMETRIC && column < row) return;
    const integer start = row_ptr[row] > first ? row_ptr[row] - first : 0;
    const integer stop = row_ptr[row + 1] < first + n_left ? row_ptr[row + 1] - first : n_left;
    for (int k = 0; k < N_RESULTS; ++k) {
        real total = sums[place * N_RESULTS + k];
        for (integer i = start; i < stop; ++i) {
            const real* own = values + (k * n_left + i) * n_right;
            real sum = 0;
            for (integer j = column_ptr[column]; j < column_ptr[column + 1]; ++j) sum += own[j];
            total += sum;
        }
        sums[place * N_RESULTS + k] = total;
    }
}
