"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figures");
  const choices = read("utilisation");
  const selector = document.getElementById("row");
  const config = { responsive: true, displayModeBar: false };

  const draw = (id, figure) => {
    const place = document.getElementById(id);
    const style = getComputedStyle(place);
    const font = { color: style.color, family: style.fontFamily, size: 13 };
    Plotly.react(place, figure.data, { ...figure.layout, font }, config);
  };
  const drawChoice = () => {
    if (!selector) return;
    const chosen = choices[Number(selector.value)];
    draw("busy", chosen.figure);
    document.getElementById("quiet").textContent = chosen.quiet;
  };
  const drawAll = () => {
    for (const [id, figure] of Object.entries(figures)) draw(id, figure);
    drawChoice();
  };

  drawAll();
  if (selector) selector.addEventListener("change", drawChoice);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
