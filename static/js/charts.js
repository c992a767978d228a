// The charts of the dashboard. Each draws what a table beside it says; without this script the table is enough.
(() => {
  if (!window.echarts) return;
  const NUMBER = new Intl.NumberFormat();
  const drawn = new Map();

  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colours = () => ({
    text: css("--text"), muted: css("--muted"), line: css("--line"), surface: css("--surface"),
    series: [css("--calm-fill"), css("--marketing-fill"), css("--warn-fill"), css("--bad-fill"), css("--still-fill")],
  });

  // The lines that the legend takes: one for each name where it is narrow, else as many names in a line as fit.
  const legendRows = (data, width) => {
    if (width < 520) return data.series.length;
    let rows = 1;
    let room = width;
    for (const { name } of data.series) {
      const wanted = 44 + 6.8 * name.length;
      if (wanted > room && room < width) { rows += 1; room = width; }
      room -= wanted;
    }
    return rows;
  };

  const base = (data, c, width) => ({
    animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 300,
    aria: { enabled: true, decal: { show: data.series.length > 1 } },
    color: c.series,
    textStyle: { color: c.text, fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 12, top: 14, bottom: 12 + 20 * legendRows(data, width), containLabel: true },
    legend: { bottom: 0, itemGap: width < 520 ? 6 : 18, orient: width < 520 ? "vertical" : "horizontal", textStyle: { color: c.muted, fontFamily: getComputedStyle(document.body).fontFamily }, icon: "roundRect", itemHeight: 10, itemWidth: 14 },
    tooltip: {
      renderMode: "richText", trigger: "axis", confine: true, backgroundColor: c.surface, borderColor: c.line,
      textStyle: { color: c.text },
    },
    xAxis: {
      type: "category", data: data.titles ?? data.labels, axisLabel: { color: c.muted }, axisTick: { show: false },
      axisLine: { lineStyle: { color: c.line } },
    },
    yAxis: { type: "value", axisLabel: { color: c.muted }, splitLine: { lineStyle: { color: c.line } } },
  });

  const kinds = {
    weeks: (data, c, width) => {
      const option = base(data, c, width);
      option.yAxis.max = 100;
      option.xAxis.axisLabel.formatter = (_title, place) => data.labels[place];
      option.yAxis.axisLabel.formatter = "{value} %";
      option.tooltip.valueFormatter = (value) => (value == null ? "no data" : `${value} %`);
      option.series = data.series.map((series, place) => ({
        name: series.name, type: "line", data: series.values, connectNulls: false, symbol: "circle", symbolSize: 7,
        lineStyle: { width: 2, type: ["solid", "dashed", "dotted"][place % 3] },
        markLine: place || data.target == null ? undefined : {
          silent: true, symbol: "none", lineStyle: { color: c.text, type: "dashed" },
          label: { color: c.muted, formatter: `${data.target} %`, position: "insideEndTop" },
          data: [{ yAxis: data.target }],
        },
      }));
      return option;
    },
    bands: (data, c, width) => {
      const option = base(data, c, width);
      option.tooltip.valueFormatter = (value) => NUMBER.format(value);
      option.series = data.series.map((series) => ({
        name: series.name, type: "bar", data: series.values, barMaxWidth: 26, itemStyle: { borderRadius: [3, 3, 0, 0] },
      }));
      return option;
    },
  };

  const empty = (data) => data.series.every((series) => series.values.every((value) => !value));

  const draw = (place) => {
    const data = read(place.dataset.source);
    if (empty(data)) return;
    drawn.get(place)?.dispose();
    place.textContent = " "; // an empty place takes no room
    const chart = window.echarts.init(place, null, { renderer: "svg" });
    drawn.set(place, chart);
    chart.setOption(kinds[place.dataset.chart](data, colours(), place.clientWidth));
    place.setAttribute("aria-label", place.dataset.label);
  };

  const places = [...document.querySelectorAll("[data-chart]")];
  for (const place of places) {
    place.dataset.label = place.getAttribute("aria-label");
    draw(place);
  }
  document.addEventListener("themechange", () => places.forEach(draw));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => places.forEach(draw));
  new ResizeObserver(() => drawn.forEach((chart, place) => {
    chart.resize();
    chart.setOption(kinds[place.dataset.chart](read(place.dataset.source), colours(), place.clientWidth));
  })).observe(document.body);
})();
