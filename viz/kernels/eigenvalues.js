// Eigenvalues of a Gram matrix as bars from zero, in falling order: one below zero, and the kernel is no inner product.
const HEIGHT = 56;
const BAR_WIDEST = 14;

/** Eigenvalues over the largest size, as a drawing `width` wide. */
export function eigenvalueDrawing(values, theme, width) {
  const lowest = Math.min(0, ...values);
  const zero = (HEIGHT - 2) / (1 - lowest) + 1;
  const pitch = Math.min(BAR_WIDEST, width / values.length);
  return {
    width, height: HEIGHT, marks: [],
    draw(pen) {
      values.forEach((value, i) => {
        const length = Math.max(1, Math.abs(value) * (zero - 1));
        const top = value < 0 ? zero : zero - length;
        pen.rects([i * pitch, top, Math.max(1, pitch - 2), length], { color: theme.color(value < -1e-9 ? "negative" : "positive") });
      });
      pen.lines([0, zero, width, zero], { color: theme.color("quiet") });
    },
  };
}
