// Figures as a table: each with its floor of the same run, and how many times that it is.

export interface Figure {
  name: string;
  unit: string;
  value: number | null;
  floor: number | null;
}

/** The figures in Markdown. */
export function markdown(figures: Figure[]): string {
  const rows = figures.map(({ name, unit, value, floor }) => {
    const ratio = value !== null && floor ? `${(value / floor).toFixed(1)}x` : "-";
    return `| ${name} | ${shown(value, unit)} | ${shown(floor, unit)} | ${ratio} |`;
  });
  return ["| What | Here | Floor | Ratio |", "|---|---:|---:|---:|", ...rows].join("\n");
}

/** The figures as rows of the benchmarks of all areas. */
export function rows(figures: Figure[]): object[] {
  return figures.map(({ name, unit, value, floor }) => ({
    area: "browser",
    measure: name,
    floor: floor === null ? "" : shown(floor, unit),
    icpy: shown(value, unit),
    ratio: value !== null && floor ? `${(value / floor).toFixed(2)}x` : "",
    target: "",
    peer: "",
  }));
}

function shown(value: number | null, unit: string): string {
  if (value === null) return "-";
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

export function median(values: Array<number | null>): number | null {
  const sorted = values.filter((value) => value !== null).sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? null;
}
