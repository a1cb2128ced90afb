// Reading aids: pure functions from matrices of weights to easier ones. Matrices are {values, rows, columns}.

/** The positions that are shown together: one list each, or one a word; without marks of start, end and language. */
export function groupPositions(labels, { merge, hide }) {
  const groups = [];
  labels.forEach((label, position) => {
    if (hide && label.style === "special") return;
    const joins = merge && label.style === "piece" && groups.length > 0 && groups.at(-1).at(-1) === position - 1;
    if (joins) groups.at(-1).push(position);
    else groups.push([position]);
  });
  return groups;
}

/** The labels of groups: the texts of their pieces joined. */
export function groupLabels(labels, groups) {
  return groups.map((group) => {
    const first = labels[group[0]];
    if (group.length === 1) return first;
    const joined = (name) => group.map((position) => labels[position][name]).join("");
    return { ...first, text: joined("text"), full: joined("full") };
  });
}

/** For each position the group that holds it, -1 where none does. */
export function groupOfPosition(groups, length) {
  const places = new Int32Array(length).fill(-1);
  groups.forEach((group, place) => group.forEach((position) => { places[position] = place; }));
  return places;
}

/**
 * Weights between groups: a word gets what its pieces get together, and gives what its pieces give on average.
 *
 * `renormalise` makes each query's weights on the keys that are left add up to 1 again.
 */
export function groupMatrix(matrix, rowGroups, columnGroups, renormalise) {
  const values = new Float32Array(rowGroups.length * columnGroups.length);
  const line = new Float64Array(columnGroups.length);
  rowGroups.forEach((group, row) => {
    for (const query of group) {
      let total = 0;
      columnGroups.forEach((keys, column) => {
        line[column] = 0;
        for (const key of keys) line[column] += matrix.values[query * matrix.columns + key];
        total += line[column];
      });
      const scale = (renormalise ? (total > 0 ? 1 / total : 0) : 1) / group.length;
      for (let column = 0; column < line.length; column++) values[row * line.length + column] += line[column] * scale;
    }
  });
  return { values, rows: rowGroups.length, columns: columnGroups.length };
}

/** The weighted mean of matrices of one shape; equal shares where they add up to nothing. */
export function meanMatrix(matrices, shares) {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const parts = total > 0 ? shares.map((share) => share / total) : shares.map(() => 1 / shares.length);
  const values = new Float32Array(matrices[0].values.length);
  matrices.forEach((matrix, which) => {
    for (let i = 0; i < values.length; i++) values[i] += parts[which] * matrix.values[i];
  });
  return { ...matrices[0], values };
}

/** One matrix minus another of its shape. */
export function differenceMatrix(matrix, other) {
  return { ...matrix, values: matrix.values.map((value, i) => value - other.values[i]) };
}
