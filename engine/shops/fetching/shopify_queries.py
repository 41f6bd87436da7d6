"""What is asked of Shopify, in GraphQL."""

from __future__ import annotations

_MONEY = "{ shopMoney { amount currencyCode } }"

_ADDRESS = "{ firstName lastName phone company city zip provinceCode countryCodeV2 }"

_CUSTOMER = f"""
  legacyResourceId createdAt updatedAt firstName lastName locale tags state
  defaultEmailAddress {{ emailAddress marketingState marketingOptInLevel marketingUpdatedAt }}
  defaultPhoneNumber {{ phoneNumber marketingState marketingOptInLevel marketingUpdatedAt }}
  defaultAddress {_ADDRESS}
"""

_LINES = f"""
  nodes {{
    id title variantTitle sku quantity currentQuantity vendor
    product {{ legacyResourceId }} variant {{ legacyResourceId }}
    originalUnitPriceSet {_MONEY}
  }}
  pageInfo {{ hasNextPage endCursor }}
"""

CUSTOMERS = f"""
query Customers($first: Int!, $query: String) {{
  customers(first: $first, query: $query, sortKey: ID) {{ nodes {{ {_CUSTOMER} }} }}
}}
"""

ORDERS = f"""
query Orders($first: Int!, $query: String) {{
  orders(first: $first, query: $query, sortKey: ID) {{
    nodes {{
      id legacyResourceId name createdAt processedAt updatedAt cancelledAt cancelReason test
      displayFinancialStatus displayFulfillmentStatus email phone discountCodes customerLocale
      currencyCode
      totalPriceSet {_MONEY} currentTotalPriceSet {_MONEY} subtotalPriceSet {_MONEY} totalTaxSet {_MONEY}
      totalDiscountsSet {_MONEY} totalShippingPriceSet {_MONEY}
      billingAddress {_ADDRESS} shippingAddress {_ADDRESS}
      customer {{ {_CUSTOMER} }}
      lineItems(first: 50) {{ {_LINES} }}
      refunds(first: 20) {{
        legacyResourceId createdAt note
        transactions(first: 10) {{ nodes {{ kind status amountSet {_MONEY} }} }}
      }}
    }}
  }}
}}
"""

LINES = f"""
query Lines($id: ID!, $after: String) {{
  order(id: $id) {{ lineItems(first: 50, after: $after) {{ {_LINES} }} }}
}}
"""

COUNTS = "{ customersCount(limit: null) { count } ordersCount(limit: null) { count } }"
