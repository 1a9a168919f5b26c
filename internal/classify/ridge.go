package classify

import "math"

// factor is the lower triangle of a symmetric positive matrix (Cholesky). The matrix is
// overwritten.
func factor(a [][]float64) [][]float64 {
	for i, row := range a {
		for j := range i + 1 {
			sum, other := row[j], a[j]
			for k, v := range row[:j] {
				sum -= v * other[k]
			}
			if i == j {
				row[i] = math.Sqrt(sum)
			} else {
				row[j] = sum / other[j]
			}
		}
	}
	return a
}

// solve solves for the matrix whose factor is given.
func solve(l [][]float64, b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i, row := range l {
		for k, v := range row[:i] {
			x[i] -= v * x[k]
		}
		x[i] /= row[i]
	}
	for i := len(l) - 1; i >= 0; i-- {
		x[i] /= l[i][i]
		for k, v := range l[i][:i] {
			x[k] -= v * x[i]
		}
	}
	return x
}

// inverseDiagonal is the diagonal of the inverse of the matrix whose factor is given: the sums
// of squares of the columns of the factor's own inverse.
func inverseDiagonal(l [][]float64) []float64 {
	n := len(l)
	out := make([]float64, n)
	x := make([]float64, n)
	for c := range n {
		clear(x)
		x[c] = 1 / l[c][c]
		out[c] = x[c] * x[c]
		for i := c + 1; i < n; i++ {
			sum, row := 0.0, l[i]
			for k := c; k < i; k++ {
				sum += row[k] * x[k]
			}
			x[i] = -sum / row[i]
			out[c] += x[i] * x[i]
		}
	}
	return out
}
