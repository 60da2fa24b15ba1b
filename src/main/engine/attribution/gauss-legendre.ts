/** A place on the way from 0 to 1, and its share of the integral. */
export interface QuadraturePoint {
  place: number;
  weight: number;
}

/**
 * Gauss-Legendre quadrature on [0, 1] with `count` points; exact for polynomials of degree 2·count - 1. The roots of
 * the Legendre polynomial by Newton's method (Press et al., Numerical Recipes, `gauleg`).
 */
export function gaussLegendre(count: number): QuadraturePoint[] {
  return Array.from({ length: count }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let [value, before] = [1, 0];
      for (let degree = 1; degree <= count; degree++) {
        [value, before] = [((2 * degree - 1) * x * value - (degree - 1) * before) / degree, value];
      }
      slope = (count * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    return { place: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}
