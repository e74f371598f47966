/** Lines over time, with the faults and restarts of workers as marks. Each chart also says in words what it shows. */
import * as l10n from '@vscode/l10n';
import uPlot from 'uplot';
import type { DashboardState, Mark } from '../messages.ts';

type Values = readonly (number | null)[];

type Colour = 'blue' | 'yellow' | 'green' | 'purple' | 'red' | 'foreground';

interface Line {
  readonly name: string;
  /** Absent: the next one. */
  readonly colour?: Colour;
  readonly values: Values;
}

const heightPx = 180;
/**
 * Theme colours; with the dashes, lines differ without colour too. Orange is not one of them: it is the translucent colour of
 * found text, which a dark theme hardly shows.
 */
const colours: readonly Colour[] = ['blue', 'yellow', 'green', 'purple', 'red', 'foreground'];
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [12, 4, 2, 4]];

export class Charts {
  readonly #charts: readonly Chart[];
  readonly #empty = document.createElement('p');
  #latest: DashboardState | undefined;

  constructor(parent: HTMLElement) {
    this.#empty.textContent = l10n.t('The charts fill while workers are at work.');
    parent.append(this.#empty);
    const memory = new Chart(parent, l10n.t('Memory per worker'), 'MB');
    const cpu = new Chart(parent, l10n.t('CPU per worker'), '%');
    const issues = new Chart(parent, l10n.t('Issues'), '');
    this.#charts = [memory, cpu, issues];
    // The canvas does not follow the theme and the size of the panel by itself.
    new ResizeObserver(() => this.#redraw()).observe(parent);
    new MutationObserver(() => this.#redraw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  show(state: DashboardState): void {
    this.#latest = state;
    const { times, series, marks, issues } = state;
    const [memory, cpu, count] = this.#charts;
    this.#empty.hidden = times.length >= 2;
    memory?.show(
      times,
      series.map(({ name, memoryMb }) => ({ name, values: memoryMb })),
      marks,
    );
    cpu?.show(
      times,
      series.map(({ name, cpuPercent }) => ({ name, values: cpuPercent })),
      marks,
    );
    const { errors, warnings, others } = issues;
    const lines = [
      { name: l10n.t('errors'), values: errors, colour: 'red' },
      { name: l10n.t('warnings'), values: warnings, colour: 'yellow' },
      { name: l10n.t('infos and hints'), values: others, colour: 'blue' },
    ] as const;
    count?.show(times, lines, []);
  }

  #redraw(): void {
    for (const chart of this.#charts) chart.reset();
    if (this.#latest) this.show(this.#latest);
  }
}

class Chart {
  readonly #section = document.createElement('section');
  readonly #canvas = document.createElement('div');
  readonly #legend = document.createElement('ul');
  readonly #title: string;
  readonly #unit: string;
  #plot: uPlot | undefined;
  #names = '';
  #marks: readonly Mark[] = [];

  constructor(parent: HTMLElement, title: string, unit: string) {
    this.#title = title;
    this.#unit = unit;
    const heading = document.createElement('h2');
    heading.textContent = unit === '' ? title : `${title} (${unit})`;
    this.#canvas.setAttribute('role', 'img');
    this.#legend.className = 'legend';
    this.#section.append(heading, this.#canvas, this.#legend);
    this.#section.hidden = true;
    parent.append(this.#section);
  }

  /** The next {@link show} makes everything anew. */
  reset(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  show(times: readonly number[], lines: readonly Line[], marks: readonly Mark[]): void {
    this.#section.hidden = times.length < 2;
    if (this.#section.hidden) return;
    this.#marks = marks;
    const faults = marks.filter(({ kind }) => kind === 'fault').length;
    const now = lines.map(({ name, values }) => `${name} ${this.#text(values.at(-1))}`).join(', ');
    const events = faults === 1 ? l10n.t('1 fault marked.') : l10n.t('{0} faults marked.', faults);
    const label = [l10n.t('{0} over time. Now: {1}.', this.#title, now), ...(faults === 0 ? [] : [events])].join(' ');
    this.#canvas.setAttribute('aria-label', label);
    const data = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
    const names = lines.map(({ name }) => name).join('\n');
    if (this.#plot && names === this.#names) this.#plot.setData(data);
    else this.#draw(data, lines);
    this.#names = names;
    this.#legend.replaceChildren(...lines.map((line, index) => this.#entry(line, index)));
  }

  #draw(data: uPlot.AlignedData, lines: readonly Line[]): void {
    this.#plot?.destroy();
    const axis = {
      stroke: colour('--vscode-foreground'),
      grid: { stroke: colour('--vscode-editorWidget-border', '--vscode-contrastBorder'), width: 1 },
      ticks: { stroke: colour('--vscode-editorWidget-border', '--vscode-contrastBorder'), width: 1 },
      font: `12px ${style('--vscode-font-family')}`,
    };
    this.#plot = new uPlot(
      {
        width: this.#section.clientWidth,
        height: heightPx,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
        series: [{}, ...lines.map(lineStyle)],
        axes: [axis, { ...axis, size: 56 }],
        hooks: { draw: [(plot) => this.#drawMarks(plot)] },
      },
      data,
      this.#canvas,
    );
  }

  #drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const { at, kind } of this.#marks) {
      const x = plot.valToPos(at, 'x', true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = colour(kind === 'fault' ? '--vscode-charts-red' : '--vscode-charts-lines');
      ctx.lineWidth = kind === 'fault' ? 2 : 1;
      ctx.setLineDash(kind === 'fault' ? [] : [3, 3]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  #entry(line: Line, index: number): HTMLLIElement {
    const { name, values } = line;
    const entry = document.createElement('li');
    const swatch = document.createElement('span');
    swatch.className = `swatch line-${colourOf(line, index)} dash-${Math.floor(index / colours.length) % dashes.length}`;
    entry.append(swatch, `${name}: ${this.#text(values.at(-1))}`);
    return entry;
  }

  #text(value: number | null | undefined): string {
    if (value === null || value === undefined) return l10n.t('no process');
    return this.#unit === '' ? String(value) : `${Math.round(value)} ${this.#unit}`;
  }
}

function colourOf({ colour: own }: Line, index: number): Colour {
  return own ?? colours[index % colours.length] ?? 'blue';
}

function lineStyle(line: Line, index: number): uPlot.Series {
  const dash = dashes[Math.floor(index / colours.length) % dashes.length] ?? [];
  return {
    stroke: colour(`--vscode-charts-${colourOf(line, index)}`, '--vscode-foreground'),
    width: 2,
    dash: [...dash],
    points: { show: false },
    spanGaps: false,
  };
}

/** High contrast themes leave some colours out. */
function colour(...names: readonly string[]): string {
  for (const name of names) {
    const value = style(name);
    if (value !== '') return value;
  }
  return style('--vscode-foreground') || 'gray';
}

function style(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim();
}
