  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x28(%rdi), %r9
  movq (%r9), %r10
  testl %esi, %esi
  jnz     label2; j label1
block1:
  leaq -4(%r10), %r11
  movq %r11, (%r9)
  movl $0x5, %eax
  jmp     label3
block2:
  leaq -6(%r10), %rax
  movq %rax, (%r9)
  leal 2(%rsi), %eax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x28(%rdi), %rcx
  movq %rdi, %rdx
  movq (%rcx), %rax
  leaq -1(%rax), %rdi
  movq %rdi, (%rcx)
  movl %esi, %r11d
  uninit  %rax
  xorl %eax, %eax
  movq 0x40(%rdx), %rdx
  jmp     label1
block1:
  testq %rdi, %rdi
  jl #trap=user12
  leaq -0xd(%rdi), %rsi
  movq %rsi, (%rcx)
  testl %r11d, %r11d
  jz      label3; j label2
block2:
  addl (%rdx, %r11), %eax
  subl $0x4, %r11d
  movq %rsi, %rdi
  jmp     label1
block3:
  leaq -4(%rdi), %rdx
  movq %rdx, (%rcx)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, (%rsp)
  movq %r12, 8(%rsp)
  movq %r13, 0x10(%rsp)
  movq %r14, 0x18(%rsp)
block0:
  movq 0x28(%rdi), %rax
  movq (%rax), %rcx
  testq %rcx, %rcx
  jle #trap=user12
  leaq -1(%rcx), %r8
  movq %r8, (%rax)
  movq 0x50(%rdi), %rbx
  movq 0x58(%rdi), %r12
  jmp     label1
block1:
  testq %r8, %r8
  jl #trap=user12
  movq %rdi, %r13
  movq 0x28(%r13), %rax
  leaq -2(%r8), %rcx
  movq %rcx, (%rax)
  movq %rsi, %r14
  call    User(userextname0)
  movq 0x28(%r13), %rax
  movq (%rax), %rcx
  leaq -1(%rcx), %rcx
  movq %rcx, (%rax)
  testq %rcx, %rcx
  jl #trap=user12
  movq %r12, %rdi
  call    *%rbx
  movq 0x28(%r13), %rax
  movq (%rax), %rcx
  leaq -5(%rcx), %r8
  movq %r8, (%rax)
  subl $0x1, %r14d
  testl %r14d, %r14d
  jnz     label2; j label3
block2:
  movq %r14, %rsi
  movq %r13, %rdi
  jmp     label1
block3:
  movq (%rsp), %rbx
  movq 8(%rsp), %r12
  movq 0x10(%rsp), %r13
  movq 0x18(%rsp), %r14
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r9
  movq 0x28(%rdi), %r8
  movq (%r8), %rax
  leaq -0x11(%rax), %rsi
  movq %rsi, (%r8)
  movq 0x48(%rdi), %rax
  cmpq $0x8, %rax
  jb #trap=heap_oob
  movabsq $0x101010101010101, %rdx
  movq 0x40(%rdi), %rcx
  movq %rdx, (%rcx)
  movq %r9, %rdx
  movl %edx, %edx
  subq %rdx, %rsi
  movq %rsi, (%r8)
  uninit  %r8
  xorq %r8, %r8
  testq %rsi, %rsi
  jl #trap=user12
  cmpq %rax, %rdx
  jnbe #trap=heap_oob
  movq 0x10(%rdi), %rsi
  movq 0xd0(%rsi), %r9
  movl $0x1, %edi
  cmpq %rax, %rdx
  cmovaq %r8, %rdx
  movl %edi, %esi
  movq %rcx, %rdi
  call    *%r9
  movq %rbp, %rsp
  popq %rbp
  retq

