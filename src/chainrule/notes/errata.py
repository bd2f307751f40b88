"""The errata in the words of print: in an equation, for this read that. The claims say why and prove it.

Applied to what is printed they give the whole equation as it has to be, in the notation of the notes.
"""

from __future__ import annotations

from chainrule.graph.errors import ChainruleError
from chainrule.notes.printed import printed_latex

Edits = tuple[tuple[str, str], ...]

_TURNED: Edits = ((r"(y - \hat{y})", r"(\hat{y} - y)"),)
_LAYER: Edits = ((r"\mathbf{W}^{(l)\top}", r"\mathbf{W}^{(l+1)\top}"),)
_SHIFTED: Edits = ((r"\delta^{(l+1)} \mathbf{a}^{(l)\top}", r"\delta^{(l)} \mathbf{a}^{(l-1)\top}"),)
_BRACKETS: Edits = ((r"\dots), \theta_L)", r"\dots; \theta_L)"),)
_VECTOR: Edits = ((r"\begin{cases}", r"\begin{bmatrix}"), (r"\end{cases}", r"\end{bmatrix}"))
_COPIED = r"0.3 \log(0.3) + 0.7 \log(0.7)"
_ITERATE: Edits = (
    (
        r"\exp(\mathbf{x}_i^\top \boldsymbol{\theta})}{\sum_{l=1}^K \exp(\mathbf{x}_i^\top \boldsymbol{\theta}_l)}",
        r"\exp(\mathbf{x}_i^\top \boldsymbol{\theta}^n)}{\sum_{l=1}^K \exp(\mathbf{x}_i^\top \boldsymbol{\theta}_l^n)}",
    ),
)
_INSIDE = r"\quad \text{(terms outside } 0 \leq i-u, j-v \leq N-m \text{ are 0)}"
_SCALARS = (
    r"&= \underbrace{\frac{\partial \hat{y}}{\partial \mathbf{a}^{(2)}} \frac{\partial \mathbf{a}^{(2)}}"
    r"{\partial \mathbf{z}^{(2)}}}_{\delta^{(2)}} \underbrace{\frac{\partial \mathbf{z}^{(2)}}"
    r"{\partial \mathbf{a}^{(1)}} \frac{\partial \mathbf{a}^{(1)}}{\partial \mathbf{z}^{(1)}} "
    r"\frac{\partial \mathbf{z}^{(1)}}{\partial \mathbf{W}^{(1)}}}_{\delta^{(1)}} \\"
)
_NESTED = (
    r"&= \underbrace{\underbrace{\frac{\partial \hat{y}}{\partial \mathbf{a}^{(2)}} \frac{\partial \mathbf{a}^{(2)}}"
    r"{\partial \mathbf{z}^{(2)}}}_{\delta^{(2)}} \frac{\partial \mathbf{z}^{(2)}}"
    r"{\partial \mathbf{a}^{(1)}} \frac{\partial \mathbf{a}^{(1)}}{\partial \mathbf{z}^{(1)}}}_{\delta^{(1)}} "
    r"\frac{\partial \mathbf{z}^{(1)}}{\partial \mathbf{W}^{(1)}} \\"
)
_FORWARD = (
    r"\left(\mathbf{W}^{(2)} \sigma \left(\mathbf{W}^{(1)} \mathbf{x} + \mathbf{b}^{(1)} \right) + \mathbf{b}^{(2)} "
    r"\right)"
)
_OUTPUT = (
    r"_{\frac{\partial \hat{y}}{\partial \mathbf{a}^{(2)}} \frac{\partial \mathbf{a}^{(2)}}{\partial "
    r"\mathbf{z}^{(2)}}}"
)
_WEIGHT = r"_{\frac{\partial \mathbf{z}^{(2)}}{\partial \mathbf{a}^{(1)}}}"

READ: dict[int, Edits] = {
    6: ((r"\sigma(\mathbf{x}_i^\top \boldsymbol{\theta})", r"\sigma(\mathbf{x}_i^\top \boldsymbol{\theta} + b)"),),
    7: ((r"[x_1, \dots, x_n]", r"[x_1, \dots, x_n]^\top"), (r"_1, \dots, \theta_n]", r"_1, \dots, \theta_n]^\top")),
    8: (("[2, 3, 2]", r"[2, 3, 2]^\top"), ("[1, 3, 4]", r"[1, 3, 4]^\top")),
    10: ((r"\sigma(0.5x)", r"\sigma(-0.5x)"), (r"\sigma(2x)", r"\sigma(-2x)")),
    17: ((r" \times \exp^{-x}", ""), (r" \times \exp^x", "")),
    22: (("0.949", "0.950"),),
    23: (("0.610", "0.611"),),
    24: ((_COPIED, r"1 \log(0.3) + 0 \log(0.7)"), ("1.203", "1.204")),
    25: ((_COPIED, r"1 \log(0.9) + 0 \log(0.1)"),),
    28: ((r"\begin{cases}", ""), (r" \\ -", " -"), (r"\end{cases}", "")),
    35: ((r"&= -\left(\prod", r"&= -\log \left(\prod"),),
    39: (
        (r"\odot", r"\circ"),
        (r"\equiv f_1 \left(", r"\equiv \underbrace{f_3 \left("),
        (r"\right)_{\text{layer 3}}", r"\right)}_{\text{layer 3}}"),
    ),
    44: (
        (r"\pi(y_i", r"\Pr(y_i"),
        (
            r"\boldsymbol{\theta}) + 1}",
            r"\boldsymbol{\theta}) + 1}, \quad "
            r"\text{with } \boldsymbol{\theta} \equiv \boldsymbol{\theta}_1 - \boldsymbol{\theta}_2",
        ),
    ),
    47: ((r"\begin{cases}", ""), (r" \\ \vdots \\ -", r" - \cdots -"), (r"\end{cases}", "")),
    60: (
        (r"\begin{bmatrix}", r"\sum_{i=1}^N \mathbf{x}_i \left( \begin{bmatrix}"),
        (r"\end{bmatrix} - y_i", r"\end{bmatrix} - y_i \right)^{\top}"),
        (r"&\equiv \left[", r"&\equiv \sum_{i=1}^N \mathbf{x}_i \left["),
    ),
    61: _ITERATE,
    63: _ITERATE,
    64: (
        (r"Z_k", r"Z_{i,k}"), (r"Z_l", r"Z_{i,l}"), (r"Z_1", r"Z_{i,1}"), (r"Z_K", r"Z_{i,K}"),
        (r"{\partial Z}", r"{\partial Z_i}"), (r"\exp(Z)", r"\exp(Z_i)"),
        (r"\sum_{i=1}^N ", ""), (r" \quad \text{see next page}", ""),
        (r"\sum_{k=1}^K y_{i,k}", r"\sum_{k'=1}^K y_{i,k'}"),
        (r"\left(\frac{\exp(Z_{i,k})}", r"\left(\frac{\exp(Z_{i,k'})}"),
    ),
    79: _BRACKETS,
    81: ((r"f_L(\theta_t)", r"\mathcal{L}(\theta_t)"),),
    82: (*_BRACKETS, (r"\partial f_{l+2}", r"\partial f_{l+1}")),
    83: (
        (
            r"\underbrace{\sigma(\mathbf{W}\mathbf{x} + b)}_z",
            r"\underbrace{\sigma(\underbrace{\mathbf{W}\mathbf{x} + b}_{\mathbf{z}})}_{\mathbf{a}}",
        ),
    ),
    85: ((r"&= y - \hat{y}", r"&= \hat{y} - y"),),
    86: (
        (r"2 & 1 & 2 \end{bmatrix}", r"2 & 1 & 2 \end{bmatrix}^\top"),
        (r"1 & 1 & 1 \end{bmatrix}", r"1 & 1 & 1 \end{bmatrix}^\top"),
    ),
    90: _VECTOR,
    92: (*_VECTOR, ("0.880", "0.881")),
    94: ((r"(-1) \times 0.993 = 0.880", r"1 \times 0.993 = 0.881"), (r"1 \times 0.880", r"1 \times 0.881")),
    96: (("0.880", "0.8808"), ("0.0144", "0.0142")),
    97: ((r"= \sum", r"= \frac{1}{N} \sum"),),
    100: (
        *_TURNED,
        (r"U \odot f'", r"\mathbf{U} \odot \sigma'"),
        (r"\underbrace{\mathbf{x}}", r"\underbrace{\mathbf{x}^\top}"),
    ),
    104: (
        (r"&= y - \hat{y}", r"&= \hat{y} - y"),
        (r"\sum_j u_j a_j", r"\sum_k U_k a_k"),
        (r"\sum_j W_{i,j} x_j", r"\sum_k W_{i,k} x_k"),
    ),
    105: _TURNED,
    108: _TURNED,
    109: tuple((rf"W_{{{i},:}}^\top x", rf"\mathbf{{W}}_{{{i},:}} \mathbf{{x}}") for i in (1, 2, 3)),
    110: (*_TURNED, (r"W_{i,:}^\top X", r"\mathbf{W}_{i,:} \mathbf{x}")),
    113: ((r"\frac{1}{2} \sum_i \ell", r"\sum_i \ell"),),
    114: ((r"\mathbf{x} + \mathbf{b})", r"\mathbf{x} + b_i)"), (r"U_i \underbrace{", r"\underbrace{U_i ")),
    115: ((r"\mathbf{U}^\top f(", r"\mathbf{U}^\top \sigma("),),
    117: ((r")}_{\mathbf{z}^{(2)}} + \mathbf{b}^{(2)}", r") + \mathbf{b}^{(2)}}_{\mathbf{z}^{(2)}}"),),
    118: (
        (
            rf"\underbrace{{\mathbf{{U}} \sigma' {_FORWARD}}}{_OUTPUT} \underbrace{{\mathbf{{W}}^{{(2)}}}}{_WEIGHT} ",
            rf"\left(\underbrace{{\mathbf{{W}}^{{(2)\top}}}}{_WEIGHT} \underbrace{{\left(\mathbf{{U}} \odot \sigma' "
            rf"{_FORWARD} \right)}}{_OUTPUT} \right) \odot ",
        ),
        (r"\underbrace{\mathbf{x}}", r"\underbrace{\mathbf{x}^\top}"),
        (_SCALARS, _NESTED),
        (
            r"\underbrace{\delta^{(2)} \mathbf{W}^{(2)} \sigma'(\mathbf{z}^{(1)}) \mathbf{x}}_{\delta^{(1)}}",
            r"\underbrace{\left(\mathbf{W}^{(2)\top} \delta^{(2)}\right) \odot \sigma'(\mathbf{z}^{(1)})}"
            r"_{\delta^{(1)}} \mathbf{x}^\top \quad \text{(in the order of matrices)}",
        ),
    ),
    119: (
        *_LAYER,
        ("\\begin{aligned}\n&=", "\\begin{aligned}\n\\frac{\\partial \\hat{y}}{\\partial \\mathbf{W}^{(1)}} &="),
        (
            r"\sigma'(\mathbf{z}^{(1)}) \mathbf{x}^\top}_{\delta^{(1)}}",
            r"\sigma'(\mathbf{z}^{(1)})}_{\delta^{(1)}} \mathbf{x}^\top",
        ),
    ),
    120: _LAYER,
    122: _LAYER,
    123: _SHIFTED,
    124: _SHIFTED,
    127: ((r"= 5", r"= 4"),),
    128: ((r"\quad 5]", r"\quad 4]"),),
    131: ((r"^\top \circledast", r"^\top"),),
    138: ((r"\mathbf{a}_2^{(1)} +", r"\mathbf{a}_2^{(1)} + \cdots +"),),
    144: ((r"a_{i+u,j+u}", r"a_{i+u,j+v}"),),
    145: ((r"W_{u,v}^{(l)}\end", rf"W_{{u,v}}^{{(l)}} \\ &{_INSIDE}\end"),),
    146: ((r"N-m+1", r"N-m"),),
}  # fmt: skip
"""By equation: what is printed, and what to read for it."""


def corrected_latex(eq: int) -> str:
    """The equation as it has to be, in LaTeX: as printed where there is nothing to correct.

    Raises ChainruleError where an edit does not meet what is printed.
    """
    latex = printed_latex(eq)
    for printed, read in READ.get(eq, ()):
        if printed not in latex:
            raise ChainruleError(f"{printed} in the printed equation", "none", f"errata of ({eq})")
        latex = latex.replace(printed, read)
    return latex
