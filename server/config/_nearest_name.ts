/**
 * The known name with the fewest typing errors between, `undefined` when none is near.
 *
 * @param maxTypos How many letters may be wrong, missing or too many.
 */
export function findNearestName(
  name: string,
  knownNames: readonly string[],
  maxTypos = 4,
): string | undefined {
  let nearest: string | undefined;
  let leastTypos = maxTypos + 1;
  for (const known of knownNames) {
    const typos = countTypos(name, known);
    if (typos < leastTypos) [nearest, leastTypos] = [known, typos];
  }
  return nearest;
}

/** Levenshtein's distance, one row at a time. */
function countTypos(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
