"""placeholder"""
def page(document): return ""
def framed(page): return page
