// The board above the gate: shows which parcels wait for which carrier.

export class Board {
  constructor(element) {
    this.element = element;
    this.waiting = new Map();
  }

  /** Adds a parcel to the carrier's line and draws the board again. */
  add(carrier, label) {
    const line = this.waiting.get(carrier) ?? [];
    this.waiting.set(carrier, [...line, label]);
    this.draw();
  }

  draw() {
    this.element.textContent = [...this.waiting].map(([carrier, labels]) => `${carrier}: ${labels.join(", ")}`).join("\n");
  }
}

export async function refresh(board, url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`board: the depot answered ${reply.status}`);
  for (const { carrier, label } of await reply.json()) board.add(carrier, label);
}
